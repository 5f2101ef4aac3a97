//! Logs: one JSON object a line with `level` and an RFC 3339 `timestamp` at the top, which is what Lambda needs to
//! filter by level. Fields are dotted (`job.id`); never prompts, tokens, signed URLs or bodies.

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::Env;

/// Sends this process's logs to standard output as JSON. `RUST_LOG` says what is worth a line.
pub fn init(env: &Env) {
    let filter = EnvFilter::new(env.optional("RUST_LOG").unwrap_or("info"));
    // A second call in one process keeps the first subscriber: harmless, so the error is of no interest.
    let _ = fmt().json().flatten_event(true).with_current_span(false).with_env_filter(filter).try_init();
}
