//! `Prefer: wait=N` (RFC 7240), and `?wait=N` where a route takes it: how long the caller would wait for the result.

use std::time::Duration;

use http::HeaderMap;

use crate::problem::{ApiError, FieldError};

/// The longest wait in seconds: API Gateway ends a request after 30.
pub(crate) const MOST: u64 = 25;

/// How long to wait; `None` without the preference. More than 25 seconds are 25.
pub(crate) fn wait(headers: &HeaderMap) -> Result<Option<Duration>, ApiError> {
    for value in headers.get_all("prefer") {
        let text = value.to_str().map_err(|_| malformed())?;
        for preference in text.split(',') {
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            if name.trim().eq_ignore_ascii_case("wait") {
                let seconds: u64 = value.trim().trim_matches('"').parse().map_err(|_| malformed())?;
                return Ok(Some(Duration::from_secs(seconds.min(MOST))));
            }
        }
    }
    Ok(None)
}

/// The same, asked for by the parameter `wait`; without a number as long as possible.
pub(crate) fn wait_parameter(value: Option<&str>) -> Result<Option<Duration>, ApiError> {
    match value.map(|text| if text.is_empty() { Ok(MOST) } else { text.parse() }) {
        None => Ok(None),
        Some(Ok(seconds)) => Ok(Some(Duration::from_secs(seconds.min(MOST)))),
        Some(Err(_)) => Err(FieldError::query("wait", "must be a whole number of seconds, for example wait=25").into()),
    }
}

/// What an answer says of the preference.
pub(crate) fn applied(wait: Option<Duration>) -> Option<[(&'static str, String); 1]> {
    wait.map(|wait| [("preference-applied", format!("wait={}", wait.as_secs()))])
}

fn malformed() -> ApiError {
    FieldError::header("Prefer", "wait must be a whole number of seconds, for example wait=25").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<Option<u64>> {
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static("prefer"), value.parse().unwrap())]);
        wait(&headers).ok().map(|wait| wait.map(|wait| wait.as_secs()))
    }

    #[test]
    fn seconds_are_whole_and_at_most_twenty_five() {
        assert_eq!(of("wait=10"), Some(Some(10)));
        assert_eq!(of("respond-async, wait=\"90\""), Some(Some(25)));
        assert_eq!(of("respond-async"), Some(None));
        for bad in ["wait=soon", "wait", "wait=-1", "wait=1.5", "wait="] {
            assert_eq!(of(bad), None, "{bad}");
        }
        let parameter = |value| wait_parameter(value).ok().map(|wait| wait.map(|wait| wait.as_secs()));
        assert_eq!(parameter(Some("10")), Some(Some(10)));
        assert_eq!((parameter(Some("")), parameter(Some("90"))), (Some(Some(25)), Some(Some(25))));
        assert_eq!((parameter(None), parameter(Some("soon"))), (Some(None), None));
    }
}
