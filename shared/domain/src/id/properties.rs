//! Ids and names: one spelling each, and no character that separates keys or paths.

use proptest::prelude::*;

use super::*;
use crate::rng::Rng;

fn job() -> impl Strategy<Value = JobId> {
    (0..4_000_000_000_000_i64, any::<u64>()).prop_map(|(millisecond, seed)| {
        JobId::new(Timestamp::from_millisecond(millisecond).unwrap(), &Rng::seeded(seed))
    })
}

/// It can stand in a key, in a path and in an address.
fn stands_anywhere(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !text.is_empty() && text.len() <= 128 && text.bytes().all(plain) && !text.starts_with('.')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_id_of_ours_is_read_back(job in job(), ordinal in any::<u16>(), index in any::<u16>(), random in any::<[u8; 16]>()) {
        let (shot, upload) = (job.shot(ordinal), UploadId::new(random));
        let media = shot.media(index.into());
        prop_assert_eq!(job.to_string().parse::<JobId>(), Ok(job));
        prop_assert_eq!(shot.to_string().parse::<ShotId>(), Ok(shot));
        prop_assert_eq!(media.to_string().parse::<MediaId>(), Ok(media.clone()));
        prop_assert_eq!(job.collection().to_string().parse::<CollectionId>(), Ok(job.collection()));
        prop_assert_eq!(job.report().to_string().parse::<ReportId>(), Ok(job.report()));
        prop_assert_eq!(upload.to_string().parse::<UploadId>(), Ok(upload.clone()));
        prop_assert_eq!((media.shot(), media.shot().job), (shot, job), "each leads to its owner");
        for text in [job.to_string(), shot.to_string(), media.to_string(), upload.to_string()] {
            prop_assert!(stands_anywhere(&text), "{text}");
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(json, format!("\"{text}\""), "without an escape");
        }
    }

    #[test]
    fn ids_sort_as_their_times_do(one in job(), other in job()) {
        let millisecond = |job: JobId| job.0.timestamp_ms();
        if millisecond(one) != millisecond(other) {
            prop_assert_eq!(one.to_string() < other.to_string(), millisecond(one) < millisecond(other));
        }
    }

    /// Whatever is read is written the same: nothing is known by two texts, and none of them leads out of its place.
    #[test]
    fn what_is_read_has_one_spelling(text in prop_oneof![
        "\\PC{0,70}",
        "[A-Za-z0-9_.#/:%-]{0,70}",
        "(job_|key_|col_|rep_|wf_|img_|upl_)?[0-9a-hjkmnp-tv-zA-Z]{26,33}(-[0-9+]{1,6}){0,2}",
        "[.]{0,2}/?[a-z]{1,5}(#[a-z]{1,5})?",
        "[0-9]{1,20}",
    ]) {
        macro_rules! one_spelling {
            ($($id:ty),+) => {$(
                if let Ok(id) = text.parse::<$id>() {
                    prop_assert_eq!(id.to_string(), text.as_str());
                    prop_assert!(stands_anywhere(&text), "{text}");
                }
            )+};
        }
        one_spelling!(JobId, KeyId, CollectionId, ReportId, WorkflowId, ShotId, MediaId, UploadId);
        one_spelling!(ProjectId, SubjectId, PersonId, LoraId);
        // As identity providers name users. They stand in keys, and in paths with percents, and nowhere else.
        if let Ok(user) = text.parse::<UserId>() {
            prop_assert_eq!(user.to_string(), text.as_str());
            prop_assert!(!text.contains(['#', '/', ' ']) && text.is_ascii() && text.len() <= 128, "{text}");
        }
    }
}
