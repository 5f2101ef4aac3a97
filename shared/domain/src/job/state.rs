//! Where a job stands, and what is known there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Failure, FailureCode},
    money::Usd,
};

/// Where a job stands, as far as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Some shot is not settled.
    Open {
        /// When the reconciler looks whether its end was missed.
        check_at: Timestamp,
        /// It was taken back: nothing of it that waits is sent any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        canceled: Option<CanceledBy>,
        /// How often the reconciler found that its end was missed.
        #[serde(default, skip_serializing_if = "is_zero")]
        missed: u32,
    },
    /// Every shot has its image.
    Completed(Ending),
    /// Some shots have theirs.
    Partial(Ending, Failure),
    /// None has.
    Failed(Ending, Failure),
    /// Taken back.
    Canceled(Ending),
    /// Taken back by its deadline.
    Expired(Ending, Failure),
}

/// By whom a job was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanceledBy {
    /// A caller asked for it.
    Caller,
    /// Its deadline has passed.
    Deadline,
}

impl CanceledBy {
    /// Why something was not made, if that is why.
    pub(super) fn failure(self) -> Failure {
        match self {
            Self::Caller => Failure::new(FailureCode::Canceled, "some shots were taken back"),
            Self::Deadline => Failure::new(FailureCode::Deadline, "the job was not done by its deadline"),
        }
    }
}

/// When a job ended and what is charged for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub at: Timestamp,
    /// What is charged; `None` when a price is unknown.
    pub cost: Option<Usd>,
    /// What fal billed beyond what was reserved: the deployment pays it, so that no job costs more than its quote.
    #[serde(default, skip_serializing_if = "Usd::is_zero")]
    pub beyond: Usd,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
