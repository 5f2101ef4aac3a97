//! The trace of an attempt: with what it was made, how it ended, what it cost.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{failure::FailureCode, fal_error::FalErrorKind, money::Usd, recipe::Recipe};

/// One try at getting the image from fal.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// What it sent.
    pub recipe: Recipe,
    /// Known to us and to the webhook URL of this attempt alone, so that nobody else's callback is taken for ours.
    pub nonce: String,
    /// When the right to submit was taken.
    pub started_at: Timestamp,
    /// fal's id of the request, once known.
    pub request_id: Option<String>,
    /// How it went.
    pub outcome: AttemptOutcome,
    /// What fal bills for it; `None` when the price is unknown.
    pub provider_cost: Option<Usd>,
    /// What of that is for images which fal's safety checker refused.
    pub refused: Usd,
    /// Set when fal delivered, and so billed, after the attempt had been given up and another was under way.
    pub paid_twice: bool,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// Not known yet.
    UnderWay,
    /// Images came.
    Delivered,
    /// Images came and cannot be used.
    Unusable(FailureCode),
    /// fal said no.
    Rejected(FalErrorKind),
    /// fal was never heard of again.
    Lost,
}

impl Attempt {
    /// Whether it was given up without images. fal may deliver, and bill, it all the same: after silence, and also after
    /// an error that was not its last word.
    #[must_use]
    pub fn was_given_up(&self) -> bool {
        matches!(self.outcome, AttemptOutcome::Lost | AttemptOutcome::Rejected(_))
    }

    /// What the caller is charged for it: nothing for what was refused, nor for a picture that we had given up and
    /// replaced.
    #[must_use]
    pub fn charge(&self) -> Option<Usd> {
        match self.outcome {
            AttemptOutcome::Lost | AttemptOutcome::Rejected(_) if self.paid_twice => Some(Usd::ZERO),
            AttemptOutcome::Unusable(FailureCode::ContentRefused) => Some(Usd::ZERO),
            AttemptOutcome::UnderWay
            | AttemptOutcome::Delivered
            | AttemptOutcome::Unusable(_)
            | AttemptOutcome::Rejected(_)
            | AttemptOutcome::Lost => self.provider_cost.map(|cost| cost - self.refused),
        }
    }
}
