//! Identifiers. Ours are ULIDs (they sort by time); callers' names are restricted so that they can stand in a key.
//!
//! A shot's id contains its job's and an image's contains its shot's, so that each leads to its owner without a
//! look-up.

mod lora;
mod name;

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

pub use self::{
    lora::LoraId,
    name::{PersonId, ProjectId, SubjectId, UserId, project_folder},
};
use crate::rng::Rng;

/// A text that is not an identifier of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct InvalidId {
    /// What was expected, with its article.
    pub expected: &'static str,
}

fn new_ulid(now: Timestamp, rng: &Rng) -> Ulid {
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
    Ulid::from_parts(milliseconds, u128::from_be_bytes(rng.bytes()))
}

fn parse_ulid(text: &str, expected: &'static str) -> Result<Ulid, InvalidId> {
    let ulid = Ulid::from_string(text).map_err(|_| InvalidId { expected })?;
    // One spelling only: an id that is written two ways would be two keys.
    if ulid_text(ulid) == text { Ok(ulid) } else { Err(InvalidId { expected }) }
}

fn ulid_text(ulid: Ulid) -> String {
    ulid.to_string().to_ascii_lowercase()
}

/// Serde through the text form.
macro_rules! textual {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = $crate::id::InvalidId;
            fn try_from(text: String) -> Result<Self, $crate::id::InvalidId> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}
pub(crate) use textual;

/// A ULID behind a prefix.
macro_rules! prefixed {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Ulid);

        impl $name {
            /// A fresh id that sorts by `now`.
            #[must_use]
            pub fn new(now: Timestamp, rng: &Rng) -> Self {
                Self(new_ulid(now, rng))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), ulid_text(self.0))
            }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let ulid = text.strip_prefix($prefix).ok_or(InvalidId { expected: $expected })?;
                parse_ulid(ulid, $expected).map(Self)
            }
        }
        textual!($name);
    };
}

prefixed!(
    /// A job: one accepted request. Text: `job_` and a ULID.
    JobId, "job_", "a job id"
);

impl JobId {
    /// The shot with this number.
    #[must_use]
    pub fn shot(self, ordinal: u16) -> ShotId {
        ShotId { job: self, ordinal }
    }

    /// The collection that it makes.
    #[must_use]
    pub fn collection(self) -> CollectionId {
        CollectionId(self.0)
    }

    /// The report of how consistent its images are.
    #[must_use]
    pub fn report(self) -> ReportId {
        ReportId(self.0)
    }
}

prefixed!(
    /// An API key's public name (not its secret). Text: `key_` and a ULID.
    KeyId, "key_", "a key id"
);
prefixed!(
    /// A set of images that belong together. Text: `col_` and the ULID of the job that made it, so that making it twice
    /// is one record.
    CollectionId, "col_", "a collection id"
);
prefixed!(
    /// A consistency report. Text: `rep_` and the ULID of the job that it was made for, so that making it twice is one
    /// record.
    ReportId, "rep_", "a report id"
);
prefixed!(
    /// A chain of jobs. Text: `wf_` and a ULID.
    WorkflowId, "wf_", "a workflow id"
);

/// A shot: one paid request to fal within a job. Text: the job's ULID, a hyphen and the shot's number from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ShotId {
    /// The job that it belongs to.
    pub job: JobId,
    /// Its number within the job, from 0.
    pub ordinal: u16,
}

impl ShotId {
    /// The image with this index in what the shot brought.
    #[must_use]
    pub fn media(self, index: usize) -> MediaId {
        MediaId(format!("img_{self}-{index}"))
    }
}

impl fmt::Display for ShotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", ulid_text(self.job.0), self.ordinal)
    }
}

impl FromStr for ShotId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let expected = "a shot id";
        let (ulid, ordinal) = text.split_once('-').ok_or(InvalidId { expected })?;
        let shot = JobId(parse_ulid(ulid, expected)?).shot(ordinal.parse().map_err(|_| InvalidId { expected })?);
        if shot.to_string() == text { Ok(shot) } else { Err(InvalidId { expected }) }
    }
}
textual!(ShotId);

/// A stored image. Text: `img_`, the shot's id, a hyphen and the image's index, so that storing it twice is one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MediaId(String);

impl MediaId {
    /// The shot that brought it.
    ///
    /// # Panics
    /// Never: its text was checked when it was made.
    #[must_use]
    pub fn shot(&self) -> ShotId {
        let shot = self.0.strip_prefix("img_").and_then(|rest| rest.rsplit_once('-')).map(|(shot, _)| shot.parse());
        shot.and_then(Result::ok).unwrap_or_else(|| panic!("an image id holds its shot's"))
    }
}

impl fmt::Display for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MediaId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let expected = "an image id";
        let (shot, index) =
            text.strip_prefix("img_").and_then(|rest| rest.rsplit_once('-')).ok_or(InvalidId { expected })?;
        let shot: ShotId = shot.parse().map_err(|_| InvalidId { expected })?;
        let media = shot.media(index.parse().map_err(|_| InvalidId { expected })?);
        if media.0 == text { Ok(media) } else { Err(InvalidId { expected }) }
    }
}
textual!(MediaId);

/// A picture that a caller uploaded to have it compared. Text: `upl_` and 32 hexadecimal digits. It has no record: it
/// is there while its object is, which is a matter of days.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UploadId(String);

impl UploadId {
    /// A new one, which cannot be guessed.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(hex::encode(random))
    }

    /// Where its object is.
    #[must_use]
    pub fn key(&self, project: &ProjectId) -> String {
        project_folder(project, &format!("uploads/{}", self.0))
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upl_{}", self.0)
    }
}

impl FromStr for UploadId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.strip_prefix("upl_").filter(|digits| digits.len() == 32);
        let plain = |digits: &&str| digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let digits = digits.filter(plain).ok_or(InvalidId { expected: "an upload id" })?;
        Ok(Self(digits.to_owned()))
    }
}

textual!(UploadId);

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_leads_to_its_shot_and_job() {
        let job = JobId::new("2026-11-21T07:00:00Z".parse().unwrap(), &Rng::seeded(1));
        let media = job.shot(3).media(0);
        assert_eq!(media.to_string().parse::<MediaId>().unwrap(), media);
        assert_eq!(job.shot(3).to_string().parse::<ShotId>().unwrap(), job.shot(3));
        assert_eq!(job.to_string().parse::<JobId>().unwrap(), job);
    }

    #[test]
    fn ids_have_one_spelling() {
        let job = JobId::new("2026-11-21T07:00:00Z".parse().unwrap(), &Rng::seeded(1)).to_string();
        assert!(job.to_uppercase().parse::<JobId>().is_err());
        assert!(job.replace("job_", "job_job_").parse::<JobId>().is_err());
        let ulid = job.trim_start_matches("job_");
        assert!(format!("{ulid}-01").parse::<ShotId>().is_err());
        assert!(format!("{ulid}-+1").parse::<ShotId>().is_err());
        assert!(format!("{ulid}-65536").parse::<ShotId>().is_err());
    }

    #[test]
    fn a_name_cannot_hold_a_separator() {
        for bad in ["", "a#b", "a/b", "../x", ".x", "ä", "a b", "a\0", &"x".repeat(65)] {
            assert!(bad.parse::<ProjectId>().is_err(), "{bad:?}");
        }
        assert_eq!("Keeper_1.v-2".parse::<SubjectId>().unwrap().as_str(), "Keeper_1.v-2");
    }

    #[test]
    fn a_lora_has_a_number() {
        let last: LoraId = "9007199254740991".parse().unwrap();
        assert_eq!(format!("{last} {:04}", "7".parse::<LoraId>().unwrap()), "9007199254740991 0007");
        for bad in ["", "0", "01", "+1", "-1", "1.0", " 1", "9007199254740992", "99999999999999999999"] {
            assert!(bad.parse::<LoraId>().is_err(), "{bad:?}");
        }
        assert_eq!(serde_json::to_string(&last).unwrap(), "9007199254740991");
        assert!(serde_json::from_str::<LoraId>("0").is_err());
        assert!(serde_json::from_str::<LoraId>("\"1\"").is_err());
    }

    #[test]
    fn an_upload_has_one_spelling_and_no_way_out_of_its_folder() {
        let id = UploadId::new([0xab; 16]);
        assert_eq!(id.to_string().parse::<UploadId>().as_ref(), Ok(&id));
        assert_eq!(id.key(&"isle".parse().unwrap()), format!("projects/isle/uploads/{}", "ab".repeat(16)));
        for bad in ["upl_", "upl_../../../../../../../../../x.pn", &format!("upl_{}", "AB".repeat(16)), "ab"] {
            assert!(bad.parse::<UploadId>().is_err(), "{bad}");
        }
    }
}
