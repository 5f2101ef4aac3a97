//! fal's errors as decisions: what one means for us, however it was told.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an error means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FalErrorKind {
    /// Too many requests: later.
    RateLimited,
    /// No runner for the model: another model.
    Unavailable,
    /// fal could not be reached: later.
    Unreachable,
    /// The generation took too long: fewer steps.
    TimedOut,
    /// No runner started before our own deadline: again, nothing was done.
    StartDeadline,
    /// A fault at fal: later.
    Internal,
    /// The prompt or picture is against the content policy: without the words, or not at all.
    ContentPolicy,
    /// fal could not load a file that we named: once more.
    Download,
    /// The input is wrong: not at all.
    InvalidInput,
    /// Our key is refused: stop everything.
    Authentication,
    /// Our account is locked: stop everything.
    AccountLocked,
    /// Cancelled on fal's side.
    Cancelled,
    /// An answer that nobody understands.
    Garbled,
}

/// An error of fal's, reduced to what we act on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FalError {
    /// What it means for us.
    pub kind: FalErrorKind,
    /// fal's `type`, `error_type` or a description of our own; never its message.
    pub reason: String,
    /// The HTTP status.
    pub status: Option<u16>,
    /// What fal itself says about trying again.
    pub retryable: Option<bool>,
    /// Units billed in spite of the error.
    pub billable_units: Option<f64>,
    /// fal's id of the request that it is about, where its callback tells it.
    pub request_id: Option<String>,
}

impl fmt::Display for FalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = &self.reason;
        match self.status {
            Some(status) => write!(f, "fal answered {status}: {reason}"),
            None => f.write_str(reason),
        }
    }
}

impl std::error::Error for FalError {}

impl FalError {
    /// An error of our own finding.
    #[must_use]
    pub fn new(kind: FalErrorKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), status: None, retryable: None, billable_units: None, request_id: None }
    }

    /// Whether this, as the answer to the question for a result, is the request's outcome. A proxy's page, a limit on
    /// questions or a refusal of our key says nothing about the request.
    #[must_use]
    pub fn is_outcome(&self) -> bool {
        let about_the_question = matches!(self.status, None | Some(401 | 403 | 408 | 429));
        let of_a_proxy = self.reason == UNTYPED && self.status.is_some_and(|status| status >= 500);
        !about_the_question && !of_a_proxy
    }
}

/// The reason of an error whose answer gave none.
pub const UNTYPED: &str = "no type given";
