//! A cursor as a caller sends it; the list's description is ours.
#![no_main]

use libfuzzer_sys::fuzz_target;
use likeness_core::cursor::{CursorError, decode, encode};

const LIST: &str = "projects/isle/images?type=profile_360";

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match decode(LIST, text) {
        Ok(position) => {
            assert_eq!(decode(LIST, &encode(LIST, &position)), Ok(position));
            assert_eq!(decode("projects/other/images?type=", text), Err(CursorError::OtherList));
        }
        Err(CursorError::OtherList | CursorError::NotOurs) => {}
    }
});
