//! R2's 429 counts as throttling. It is normal weather there: a second write of a key within a second gets it, and so
//! does a burst. The SDK's own classifiers know AWS' error codes and 5xx alone.

use std::time::Duration;

use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction},
};
use aws_smithy_types::retry::ErrorKind;

/// The pause where the answer names none: a key may be written once a second.
const PAUSE: Duration = Duration::from_millis(1100);
/// The longest pause that is waited out; two of them have to fit into the time of a call.
const LONGEST: Duration = Duration::from_secs(20);

/// Repeats what was answered with 429, after the time that `Retry-After` names.
#[derive(Debug)]
pub(super) struct TooManyRequests;

impl ClassifyRetry for TooManyRequests {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(response) = context.response().filter(|response| response.status().as_u16() == 429) else {
            return RetryAction::NoActionIndicated;
        };
        let pause = response.headers().get("retry-after").map_or(PAUSE, named);
        RetryAction::retryable_error_with_explicit_delay(ErrorKind::ThrottlingError, pause)
    }

    fn name(&self) -> &'static str {
        "429 of R2"
    }
}

/// The pause that `Retry-After` names in seconds; a date is as good as nothing, since clocks differ.
fn named(seconds: &str) -> Duration {
    let seconds = seconds.trim().parse().map_or(PAUSE, Duration::from_secs);
    seconds.clamp(PAUSE, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_over_a_second_and_no_longer_than_a_call_may_take() {
        let millis = |value| named(value).as_millis();
        assert_eq!([millis("0"), millis("1"), millis("7"), millis("3600")], [1100, 1100, 7000, 20_000]);
        assert_eq!(millis("Sun, 06 Nov 1994 08:49:37 GMT"), 1100);
    }
}
