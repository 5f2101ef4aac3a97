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
    /// Known to us and to the webhook URL of this attempt alone, so that no other customer's callback is taken for
    /// ours.
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
    /// Set when it was given up although fal had not said that it was over: it may still run, and keeps its slot for as
    /// long as fal keeps requests.
    pub left_at_fal: bool,
    /// How many images came that were not asked for, and are not charged.
    pub surplus: u32,
    /// What fal's content policy named as the reason.
    pub categories: Vec<String>,
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
    /// fal took nothing, and just then nothing from anybody: not counted as a try.
    TurnedAway(FalErrorKind),
    /// fal was never heard of again.
    Lost,
}

impl Attempt {
    /// Whether it was given up without images. fal may deliver, and bill, it all the same: after silence, and also
    /// after an error that was not its last word.
    #[must_use]
    pub fn was_given_up(&self) -> bool {
        matches!(self.outcome, AttemptOutcome::Lost | AttemptOutcome::Rejected(_) | AttemptOutcome::TurnedAway(_))
    }

    /// What fal bills beyond the price of what was asked for, where more came.
    pub(crate) fn not_asked_for(&self) -> Usd {
        let asked_for = self.recipe.model().ok().and_then(|model| model.cost(self.recipe.purchase(self.recipe.images)));
        match (self.surplus, self.provider_cost, asked_for) {
            (1.., Some(billed), Some(asked_for)) => billed - billed.min(asked_for),
            (0, ..) | (_, None, _) | (_, _, None) => Usd::ZERO,
        }
    }

    /// What fal billed for a picture that came when it was needed no more. Not charged, and not hidden.
    #[must_use]
    pub fn paid_in_vain(&self) -> Option<Usd> {
        if self.paid_twice { self.provider_cost } else { Some(Usd::ZERO) }
    }

    /// What the caller is charged for it: nothing for what was refused, nor for a picture that we had given up and
    /// replaced.
    #[must_use]
    pub fn charge(&self) -> Option<Usd> {
        match self.outcome {
            AttemptOutcome::Lost | AttemptOutcome::Rejected(_) | AttemptOutcome::TurnedAway(_) if self.paid_twice => {
                Some(Usd::ZERO)
            }
            AttemptOutcome::Unusable(FailureCode::ContentRefused) => Some(Usd::ZERO),
            AttemptOutcome::UnderWay
            | AttemptOutcome::Delivered
            | AttemptOutcome::Unusable(_)
            | AttemptOutcome::Rejected(_)
            | AttemptOutcome::TurnedAway(_)
            | AttemptOutcome::Lost => self.provider_cost.map(|cost| cost - self.refused),
        }
    }
}
