//! An answer of fal's that is no success: two bytes of status, headers as `name: value` lines, an empty line, the body.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use likeness_core::fal::from_answer;

fuzz_target!(|bytes: &[u8]| {
    let Some((status, rest)) = bytes.split_at_checked(2) else { return };
    let status = 100 + u16::from_be_bytes([status[0], status[1]]) % 900;
    let end = rest.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((&[][..], rest), |end| (&rest[..end], &rest[end + 2..]));
    let headers: HeaderMap = head
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
        })
        .collect();
    let status = StatusCode::from_u16(status).expect("100 to 999");
    let error = from_answer(status, &headers, body);
    assert_eq!(error.status, Some(status.as_u16()));
    assert!(error.reason.len() <= 64, "a log line has none of fal's words: {error}");
    assert!(error.words.as_ref().is_none_or(|words| words.chars().count() <= 200 && !words.contains("://")));
    assert!(error.retry_after.is_none_or(|seconds| seconds <= 900));
    assert!(error.billable_units.is_none_or(|units| units.is_finite() && units >= 0.0));
});
