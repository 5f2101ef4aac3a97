use proptest::prelude::*;
use serde_json::Value;

use super::*;

const LIST: &str = "projects/isle/images?type=profile_360";

fn position(pk: &str, sk: &str, listing_sk: &str) -> Position {
    serde_json::from_value(json!({ "pk": pk, "sk": sk, "listing_sk": listing_sk })).unwrap()
}

fn written(content: &Value) -> String {
    URL_SAFE_NO_PAD.encode(content.to_string())
}

#[test]
fn a_place_in_another_list_or_in_none_is_refused() {
    let place = position("PROJECT#isle", "MEDIA#1", "");
    let cursor = encode(LIST, &place);
    assert_eq!(decode(LIST, &cursor), Ok(place));
    assert_eq!(decode("projects/isle/images", &cursor), Err(CursorError::OtherList));
    for text in ["", "AAAA", "not base64!", &cursor[1..], &format!("{cursor}=="), &"A".repeat(1 << 20)] {
        assert_eq!(decode(LIST, text), Err(CursorError::NotOurs), "{text:.40}");
    }
    let deep = format!("{{\"list\":{}", "[".repeat(2000));
    assert_eq!(decode(LIST, &URL_SAFE_NO_PAD.encode(deep)), Err(CursorError::NotOurs));
    let long = "x".repeat(1025);
    for (pk, sk, listing_sk) in [("", "s", "l"), ("p", "", "l"), ("p", &*long, "l"), ("p", "s", &*long)] {
        let forged = encode(LIST, &position(pk, sk, listing_sk));
        assert_eq!(decode(LIST, &forged), Err(CursorError::OtherList), "{forged:.40}");
    }
    assert!(decode(LIST, &written(&json!({ "list": LIST, "position": { "pk": 1 } }))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_place_survives_the_way_to_the_caller(
        list in ".{0,80}", pk in ".{1,200}", sk in ".{1,200}", listing_sk in ".{0,200}",
    ) {
        let place = position(&pk, &sk, &listing_sk);
        let cursor = encode(&list, &place);
        prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "it goes into a query");
        if cursor.len() <= LONGEST {
            prop_assert_eq!(decode(&list, &cursor), Ok(place));
            prop_assert_eq!(decode(&format!("{list}x"), &cursor), Err(CursorError::OtherList));
        }
    }

    #[test]
    fn no_bytes_are_a_place_in_a_list_that_they_do_not_name(bytes in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
        prop_assert!(decode(LIST, &String::from_utf8_lossy(&bytes)).is_err());
        prop_assert!(decode(LIST, &URL_SAFE_NO_PAD.encode(&bytes)).is_err());
        // One of ours with a byte changed is read as what it says, or not at all; what it says is of this list.
        let mut cursor = encode(LIST, &position("PROJECT#isle", "MEDIA#1", "1")).into_bytes();
        let at = at.index(cursor.len());
        cursor[at] ^= flip;
        if let Ok(text) = String::from_utf8(cursor) && decode(LIST, &text).is_ok() {
            let said: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&text).unwrap()).unwrap();
            prop_assert_eq!(&said["list"], LIST);
        }
    }
}
