//! Logs: one JSON object a line with `level` and an RFC 3339 `timestamp` at the top, which is what Lambda needs to
//! filter by level. Fields are dotted (`job.id`); never prompts, tokens, signed URLs or bodies.

use std::error::Error;

use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

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

/// What is worth a line: `RUST_LOG` (`info`, or by target `warn,likeness_core=debug`), or `otherwise` where that is not
/// set or says nothing that can be read. Not tracing's `EnvFilter`: it goes by fields too, which takes an engine for
/// regular expressions, and that is a tenth of a function.
#[must_use]
pub fn filter(env: &Env, otherwise: &str) -> Targets {
    let asked = env.optional("RUST_LOG").and_then(|text| text.parse().ok());
    asked.unwrap_or_else(|| otherwise.parse().unwrap_or_default())
}

/// Sends this process's logs to standard output as JSON.
pub fn init(env: &Env) {
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false);
    // A second call in one process keeps the first subscriber: harmless, so the error is of no interest.
    let _ = tracing_subscriber::registry().with(lines).with(filter(env, "info")).try_init();
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn what_is_worth_a_line_is_said_by_target() {
        let at = |text: &str| {
            let filter = filter(&[("RUST_LOG".to_owned(), text.to_owned())].into_iter().collect(), "info");
            [("likeness_core::clients::queue", Level::DEBUG), ("hyper", Level::INFO), ("hyper", Level::WARN)]
                .map(|(target, level)| filter.would_enable(target, &level))
        };
        assert_eq!(at(""), [false, true, true], "an empty variable is none");
        assert_eq!(at("warn,likeness_core=debug"), [true, false, true]);
        assert_eq!(at("off"), [false; 3]);
        assert_eq!(at("likeness_core[{shot}]=debug=x"), [false, true, true], "what cannot be read is not there");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the table refused the call")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn a_line_holds_every_cause() {
        assert_eq!(causes(&Outer(std::fmt::Error)), format!("the table refused the call: {}", std::fmt::Error));
    }
}
