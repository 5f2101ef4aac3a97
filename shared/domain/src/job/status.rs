//! What is told of a job: its status, how far it has come, how it ended.

use serde::{Deserialize, Serialize};

use super::{Ending, Job, JobState};
use crate::{failure::Failure, shot::Shot};

/// The words for a job's status in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// Nothing was submitted yet.
    Queued,
    /// Under way.
    Processing,
    /// All images are there.
    Completed,
    /// Some are.
    Partial,
    /// None is.
    Failed,
    /// Taken back.
    Canceled,
}

impl JobStatus {
    /// The word used in requests and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether it ended with enough for others to go on from.
    #[must_use]
    pub fn is_usable(self) -> bool {
        match self {
            Self::Completed | Self::Partial => true,
            Self::Queued | Self::Processing | Self::Failed | Self::Canceled => false,
        }
    }
}

impl Job {
    /// Its status, read off its `shots` while it is open.
    #[must_use]
    pub fn status(&self, shots: &[Shot]) -> JobStatus {
        match self.state {
            JobState::Open { .. } if shots.iter().all(|shot| shot.attempts.is_empty()) => JobStatus::Queued,
            JobState::Open { .. } => JobStatus::Processing,
            JobState::Completed(_) => JobStatus::Completed,
            JobState::Partial(..) => JobStatus::Partial,
            JobState::Failed(..) => JobStatus::Failed,
            JobState::Canceled(_) | JobState::Expired(..) => JobStatus::Canceled,
        }
    }

    /// How far it has come, in percent; 100 only once it has ended.
    #[must_use]
    pub fn progress(&self, shots: &[Shot]) -> u32 {
        if self.ending().is_some() {
            return 100;
        }
        let sum: u32 = shots.iter().map(Shot::progress).sum();
        (sum / u32::from(self.shots.max(1))).min(99)
    }

    /// When it ended and what is charged.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        match &self.state {
            JobState::Open { .. } => None,
            JobState::Completed(ending)
            | JobState::Partial(ending, _)
            | JobState::Failed(ending, _)
            | JobState::Expired(ending, _)
            | JobState::Canceled(ending) => Some(ending),
        }
    }

    /// Why it, or part of it, failed or was not made in time.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match &self.state {
            JobState::Partial(_, failure) | JobState::Failed(_, failure) | JobState::Expired(_, failure) => {
                Some(failure)
            }
            JobState::Open { .. } | JobState::Completed(_) | JobState::Canceled(_) => None,
        }
    }
}
