//! fal's errors as decisions: what one means for us, however it was told. Of fal's texts the place and the words of a
//! refusal are kept for the caller, without what they echo; they are in no log line.

use std::fmt;

use jiff::SignedDuration;
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
    /// The model's own filter refused it, where another model may accept: a stand-in, where the project allows one.
    Moderated,
    /// fal could not load a file that we named: again, over minutes.
    Download,
    /// The input is wrong: not at all.
    InvalidInput,
    /// Our key is refused: stop everything.
    Authentication,
    /// Our account is locked: stop everything.
    AccountLocked,
    /// Cancelled on fal's side.
    Cancelled,
    /// An answer that cannot be read.
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
    /// The input that it is about, as fal names it: `image_size.width`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// fal's own words, without what they echo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// What a content policy was broken by, in fal's vocabulary: `violence`, `sexual`, `model_moderated`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// After how many seconds fal wants to be asked again, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
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
        Self {
            kind,
            reason: reason.into(),
            status: None,
            retryable: None,
            billable_units: None,
            request_id: None,
            field: None,
            words: None,
            categories: Vec::new(),
            retry_after: None,
        }
    }

    /// After how long fal wants to be asked again.
    #[must_use]
    pub fn retry_after(&self) -> Option<SignedDuration> {
        self.retry_after.map(|seconds| SignedDuration::from_secs(seconds.into()))
    }

    /// One sentence for the caller: the input that it is about, fal's words without `prompt`, and what to do.
    #[must_use]
    pub fn for_caller(&self, prompt: &str) -> String {
        let mut text = match (self.status, self.reason.as_str()) {
            (Some(status), UNTYPED) => format!("fal answered {status} without a reason"),
            (Some(status), reason) => format!("fal answered {status}, {reason}"),
            (None, reason) => reason.to_owned(),
        };
        if let Some(field) = &self.field {
            text.push_str(&format!(", for `{field}`"));
        }
        if let Some(words) = self.words.as_deref().filter(|words| prompt.is_empty() || !words.contains(prompt)) {
            text.push_str(&format!(": \"{words}\""));
        }
        if !self.categories.is_empty() {
            text.push_str(&format!(" ({})", self.categories.join(", ")));
        }
        text.push_str(match self.kind {
            FalErrorKind::InvalidInput => "; change that input and send the request again",
            FalErrorKind::ContentPolicy => "; word the request otherwise",
            FalErrorKind::Moderated => "; word the request otherwise, or name another model",
            FalErrorKind::Download => "; see that the file can be fetched, then retry the job",
            FalErrorKind::Authentication => "; the deployment's fal key has to be renewed, then retry the job",
            FalErrorKind::AccountLocked => "; the deployment's fal account has to be unlocked, then retry the job",
            FalErrorKind::RateLimited
            | FalErrorKind::Unavailable
            | FalErrorKind::Unreachable
            | FalErrorKind::TimedOut
            | FalErrorKind::StartDeadline
            | FalErrorKind::Internal
            | FalErrorKind::Cancelled
            | FalErrorKind::Garbled => "; retry the job later",
        });
        text
    }

    /// This, or what fal has `told` elsewhere of the same failure, whichever has a name for it; with the bill of this.
    #[must_use]
    pub fn or_told(self, told: Option<Self>) -> Self {
        match told {
            Some(told) if !self.is_typed() => Self {
                retryable: self.retryable.or(told.retryable),
                billable_units: self.billable_units.or(told.billable_units),
                ..told
            },
            Some(_) | None => self,
        }
    }

    /// Whether fal gave it a type, or at least a reason that is as good as one.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        self.reason != UNTYPED
    }
}

/// The reason of an error whose answer gave none.
pub const UNTYPED: &str = "no type given";
