//! Logs: one JSON object a line with `level` and an RFC 3339 `timestamp` at the top, which is what Lambda needs to
//! filter by level. Fields are dotted (`job.id`); never prompts, tokens, signed URLs or bodies.

use std::error::Error;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::Env;

/// An error with all its causes in one line: the JSON form of a log line has no field for causes.
#[must_use]
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Sends this process's logs to standard output as JSON. `RUST_LOG` says what is worth a line.
pub fn init(env: &Env) {
    let filter = EnvFilter::new(env.optional("RUST_LOG").unwrap_or("info"));
    // A second call in one process keeps the first subscriber: harmless, so the error is of no interest.
    let _ = fmt().json().flatten_event(true).with_current_span(false).with_env_filter(filter).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the table refused the call")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn a_line_holds_every_cause() {
        assert_eq!(causes(&Outer(std::fmt::Error)), format!("the table refused the call: {}", std::fmt::Error));
    }
}
