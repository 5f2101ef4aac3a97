//! `Cancel-After`: how long a job may take before it is canceled. `90s`, `5m`, `1h30m`, or a bare number of seconds.

use http::HeaderMap;
use jiff::SignedDuration;

use crate::problem::{ApiError, FieldError};

const LEAST: i64 = 5;
const MOST: i64 = 24 * 60 * 60;

/// Reads the header.
pub(crate) fn cancel_after(headers: &HeaderMap) -> Result<Option<SignedDuration>, ApiError> {
    let Some(value) = headers.get("cancel-after") else { return Ok(None) };
    let wrong = |detail: &str| ApiError::from(FieldError::header("Cancel-After", detail));
    let seconds = value.to_str().ok().and_then(|text| seconds(text.trim()));
    let seconds = seconds.ok_or_else(|| wrong("must be a duration such as 90s, 5m or 1h30m"))?;
    if !(LEAST..=MOST).contains(&seconds) {
        return Err(wrong("must be from 5 seconds to 24 hours"));
    }
    Ok(Some(SignedDuration::from_secs(seconds)))
}

/// Hours, minutes and seconds in this order, each at most once.
fn seconds(text: &str) -> Option<i64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (mut rest, mut total, mut any) = (text, 0_i64, false);
    for (unit, worth) in [('h', 3600), ('m', 60), ('s', 1)] {
        let Some((number, after)) = rest.split_once(unit) else { continue };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(worth)?)?;
        (rest, any) = (after, true);
    }
    (any && rest.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_of_hours_minutes_and_seconds() {
        for (text, expected) in
            [("90s", 90), ("5m", 300), ("1h30m", 5400), ("1h0m5s", 3605), ("1h5s", 3605), ("30", 30)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        let bad =
            ["", "s", "5x", "-5s", "+5s", "1.5h", "5s5m", "5m 3s", "5mm", "5m3", "h", "99999999999999999999s", "1d"];
        for text in bad {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!(seconds("9223372036854775807h"), None);
    }

    #[test]
    fn too_short_and_too_long_are_refused() {
        let of = |value: &str| {
            let headers =
                HeaderMap::from_iter([(http::HeaderName::from_static("cancel-after"), value.parse().unwrap())]);
            cancel_after(&headers).ok()
        };
        assert_eq!(of("5s"), Some(Some(SignedDuration::from_secs(5))));
        assert_eq!(of("24h"), Some(Some(SignedDuration::from_hours(24))));
        assert_eq!((of("4s"), of("24h1s"), of("soon")), (None, None, None));
        assert_eq!(cancel_after(&HeaderMap::new()).ok(), Some(None));
    }
}
