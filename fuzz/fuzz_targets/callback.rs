//! A callback: the four headers of its signature, one a line, and then the body.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use likeness_core::fal::{Callback, CallbackOutcome, SignatureHeaders, VerifyingKeys};

/// The key of `events/webhook-fal.json`, which signed at this second.
const KEY: &str = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
const SECOND: i64 = 1_795_000_000;

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(5, |byte| *byte == b'\n');
    let mut text = || lines.next().and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default();
    let headers = SignatureHeaders { request_id: text(), user_id: text(), timestamp: text(), signature: text() };
    let body = lines.next().unwrap_or_default();
    let mut key = [0; 32];
    hex::decode_to_slice(KEY, &mut key).expect("64 digits");
    let now = Timestamp::from_second(SECOND).expect("in range");
    let _either_way = VerifyingKeys::new([key]).verify(&headers, body, now);
    if let Ok(callback) = Callback::parse(body) {
        assert!(!callback.request_id.is_empty() && callback.request_id.len() <= 128, "it stands in paths");
        assert!(!callback.request_id.contains(['/', '.', '#', '?']), "it stands in paths");
        match callback.outcome {
            CallbackOutcome::Images(delivery) => {
                assert!(delivery.images.len() <= 10 && delivery.flagged() <= delivery.images.len());
                assert!(delivery.images.iter().all(|image| image.url.len() <= 2048));
                assert_eq!(delivery.request_id, callback.request_id);
            }
            CallbackOutcome::Failed(error) => assert!(error.reason.len() <= 64, "{error}"),
            CallbackOutcome::FetchResult => {}
        }
    }
});
