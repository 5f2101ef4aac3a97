//! A job: one accepted request and its shots, and the only place where a job's state changes.
//!
//! While a job is open its status is read off its shots, so that progress costs no writes.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Failure, FailureCode},
    id::{JobId, ProjectId, UserId},
    kind::{IgnoredParameter, Kind},
    money::Usd,
    shot::{Shot, ShotState},
};

/// How long a job may be open before the sweep looks whether its end was missed.
const FINISH_PATIENCE: SignedDuration = SignedDuration::from_mins(2);

/// One accepted request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The project that pays.
    pub project: ProjectId,
    /// What it makes.
    pub kind: Kind,
    /// Who asked for it.
    pub created_by: UserId,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// How many shots it has.
    pub shots: u16,
    /// What was reserved for it: an upper bound, `None` when a price is unknown.
    pub reserved: Option<Usd>,
    /// What was asked for and cannot be had.
    pub ignored: Vec<IgnoredParameter>,
    /// Where it stands.
    pub state: JobState,
}

/// Where a job stands, as far as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Some shot is not settled.
    Open {
        /// When the sweep looks whether its end was missed.
        check_at: Timestamp,
    },
    /// Every shot has its image.
    Completed(Ending),
    /// Some shots have theirs.
    Partial(Ending, Failure),
    /// None has.
    Failed(Ending, Failure),
    /// Taken back.
    Canceled(Ending),
}

/// When a job ended and what is charged for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// What is charged; `None` when a price is unknown.
    pub cost: Option<Usd>,
}

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

/// A finish that is not due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFinished {
    /// A shot is not settled yet.
    #[error("a shot is still under way")]
    Running,
    /// It ended before.
    #[error("already finished")]
    AlreadyDone,
}

impl Job {
    /// The state of a job that is just being accepted.
    #[must_use]
    pub fn opened(now: Timestamp) -> JobState {
        JobState::Open { check_at: now + FINISH_PATIENCE }
    }

    /// When the sweep has to look at it.
    #[must_use]
    pub fn check_at(&self) -> Option<Timestamp> {
        match self.state {
            JobState::Open { check_at } => Some(check_at),
            JobState::Completed(_) | JobState::Partial(..) | JobState::Failed(..) | JobState::Canceled(_) => None,
        }
    }

    /// Looked at, and still open.
    ///
    /// # Errors
    /// It has ended.
    pub fn checked(mut self, now: Timestamp) -> Result<Self, NotFinished> {
        match self.state {
            JobState::Open { .. } => {
                self.state = Self::opened(now);
                Ok(self)
            }
            _ => Err(NotFinished::AlreadyDone),
        }
    }

    /// Ends it, if all its `shots` are settled.
    ///
    /// # Errors
    /// A shot is under way, or it has ended before.
    pub fn finish(mut self, shots: &[Shot], now: Timestamp) -> Result<Self, NotFinished> {
        let JobState::Open { .. } = self.state else { return Err(NotFinished::AlreadyDone) };
        if shots.len() < usize::from(self.shots) || !shots.iter().all(Shot::is_settled) {
            return Err(NotFinished::Running);
        }
        let ending = Ending { at: now, cost: shots.iter().map(Shot::charge).sum() };
        let stored = shots.iter().filter(|shot| matches!(shot.state, ShotState::Stored { .. })).count();
        let failure = shots.iter().find_map(Shot::failure).cloned();
        self.state = match failure {
            _ if stored == shots.len() => JobState::Completed(ending),
            Some(failure) if stored > 0 => JobState::Partial(ending, failure),
            Some(failure) => JobState::Failed(ending, failure),
            None if stored > 0 => {
                JobState::Partial(ending, Failure::new(FailureCode::ProviderProtocol, "some shots were taken back"))
            }
            None => JobState::Canceled(ending),
        };
        Ok(self)
    }

    /// Its status, read off its `shots` while it is open.
    #[must_use]
    pub fn status(&self, shots: &[Shot]) -> JobStatus {
        match self.state {
            JobState::Open { .. } if shots.iter().all(|shot| shot.attempts.is_empty()) => JobStatus::Queued,
            JobState::Open { .. } => JobStatus::Processing,
            JobState::Completed(_) => JobStatus::Completed,
            JobState::Partial(..) => JobStatus::Partial,
            JobState::Failed(..) => JobStatus::Failed,
            JobState::Canceled(_) => JobStatus::Canceled,
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
            | JobState::Canceled(ending) => Some(ending),
        }
    }

    /// Why it, or part of it, failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match &self.state {
            JobState::Partial(_, failure) | JobState::Failed(_, failure) => Some(failure),
            JobState::Open { .. } | JobState::Completed(_) | JobState::Canceled(_) => None,
        }
    }
}
