//! A job: one accepted request and its shots, and the only place where a job's state changes.
//!
//! While a job is open its status is read off its shots, so that progress costs no writes.

mod comparison;
mod lineage;
mod reopen;
mod result;
mod state;
mod status;

pub use comparison::Comparison;
pub use lineage::Lineage;
pub use reopen::NotReopened;
pub use result::{CacheLifetime, CollectionChange};
pub use state::{CanceledBy, Ending, JobState};
pub use status::JobStatus;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    as_text,
    failure::{Failure, FailureCode},
    id::{JobId, KeyId, ProjectId, ReportId, UserId, WorkflowId},
    kind::{Completeness, Kind},
    limit::{Account, EndUser},
    money::Usd,
    recipe::{IgnoredParameter, Recipe},
    report::{Judged, Verified},
    shot::{Shot, ShotState},
    storage_plan::StoragePlan,
};

/// How long a job may be open before the reconciler looks whether its end was missed.
const FINISH_PATIENCE: SignedDuration = SignedDuration::from_mins(2);

/// How often the end of a job may be missed before it ends without its images having been compared: an hour of a bucket
/// or a table that is down, and not for ever for pictures on which the work never comes to an end.
const MOST_MISSED: u32 = 30;

/// One accepted request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    /// The project that pays.
    pub project: ProjectId,
    /// What it makes.
    pub kind: Kind,
    /// The user that asked for it.
    pub created_by: UserId,
    /// The key that it came with; `None` for a user who signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// The user of an app for whom it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<EndUser>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// In whose day and month its money counts, where that is not when it was accepted: a step of a workflow counts
    /// where the workflow was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounted_at: Option<Timestamp>,
    /// How many shots it has.
    pub shots: u16,
    /// What was reserved for it: an upper bound, `None` when a price is unknown.
    pub reserved: Option<Usd>,
    /// What was asked for and cannot be had.
    pub ignored: Vec<IgnoredParameter>,
    /// Where its images are filed.
    pub storage_plan: StoragePlan,
    /// What makes a request the same as this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_key: Option<String>,
    /// The chain that it is a step of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
    /// The caller's own, given back as it is.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text::optional")]
    pub metadata: Option<Value>,
    /// What its images were judged to be, once they were compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<Judged>,
    /// Something speaks against what it made: a person should look at it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_review: bool,
    /// How consistent its images are, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportId>,
    /// When it is taken back if it has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// When it was opened again after it had ended, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retried_at: Option<Timestamp>,
    pub state: JobState,
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
    /// Who pays for it.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            project: self.project.clone(),
            user: self.created_by.clone(),
            key: self.key,
            end_user: self.end_user.clone(),
        }
    }

    /// In whose day and month its money counts.
    #[must_use]
    pub fn money_at(&self) -> Timestamp {
        self.accounted_at.unwrap_or(self.created_at)
    }

    /// What was charged for it; nothing while it is open.
    #[must_use]
    pub fn charged(&self) -> Usd {
        self.ending().and_then(|ending| ending.cost).unwrap_or_default()
    }

    /// The state of a job that is just being accepted.
    #[must_use]
    pub fn opened(now: Timestamp, deadline: Option<Timestamp>) -> JobState {
        JobState::Open { check_at: next_check(now, deadline), canceled: None, missed: 0 }
    }

    /// When the reconciler has to look at it.
    #[must_use]
    pub fn check_at(&self) -> Option<Timestamp> {
        match self.state {
            JobState::Open { check_at, .. } => Some(check_at),
            JobState::Completed(_)
            | JobState::Partial(..)
            | JobState::Failed(..)
            | JobState::Canceled(_)
            | JobState::Expired(..) => None,
        }
    }

    /// Looked at, and still open; `missed` where it should have ended by now.
    ///
    /// # Errors
    /// It has ended.
    pub fn checked(mut self, missed: bool, now: Timestamp) -> Result<Self, NotFinished> {
        match &mut self.state {
            JobState::Open { check_at, missed: times, .. } => {
                *check_at = next_check(now, self.deadline);
                *times = times.saturating_add(u32::from(missed));
                Ok(self)
            }
            JobState::Completed(_)
            | JobState::Partial(..)
            | JobState::Failed(..)
            | JobState::Canceled(_)
            | JobState::Expired(..) => Err(NotFinished::AlreadyDone),
        }
    }

    /// Taken back: nothing more is sent. The first of several cancels did it.
    ///
    /// # Errors
    /// It has ended.
    pub fn cancel_requested(mut self, by: CanceledBy, now: Timestamp) -> Result<Self, NotFinished> {
        match &mut self.state {
            JobState::Open { canceled: Some(_), .. } => Ok(self),
            JobState::Open { canceled, check_at, .. } => {
                (*canceled, *check_at) = (Some(by), now + FINISH_PATIENCE);
                Ok(self)
            }
            JobState::Completed(_)
            | JobState::Partial(..)
            | JobState::Failed(..)
            | JobState::Canceled(_)
            | JobState::Expired(..) => Err(NotFinished::AlreadyDone),
        }
    }

    /// Whether it is open although its deadline has passed, and it was not canceled yet.
    #[must_use]
    pub fn is_out_of_time(&self, now: Timestamp) -> bool {
        let open = matches!(self.state, JobState::Open { canceled: None, .. });
        open && self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Whether it is open and taken back: a step that finds a waiting shot of it cancels that too.
    #[must_use]
    pub fn is_cancel_requested(&self) -> bool {
        matches!(self.state, JobState::Open { canceled: Some(_), .. })
    }

    /// Whether whatever stands between it and its end was tried often enough.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        matches!(self.state, JobState::Open { missed, .. } if missed >= MOST_MISSED)
    }

    /// Whether its end is due: it is open, and all its `shots` are settled.
    ///
    /// # Errors
    /// A shot is under way, or it has ended before.
    pub fn is_due(&self, shots: &[Shot]) -> Result<(), NotFinished> {
        match self.state {
            JobState::Open { .. } if self.all_settled(shots) => Ok(()),
            JobState::Open { .. } => Err(NotFinished::Running),
            JobState::Completed(_)
            | JobState::Partial(..)
            | JobState::Failed(..)
            | JobState::Canceled(_)
            | JobState::Expired(..) => Err(NotFinished::AlreadyDone),
        }
    }

    /// Ends it, if all its `shots` are settled.
    ///
    /// # Errors
    /// A shot is under way, or it has ended before.
    pub fn finish(mut self, shots: &[Shot], verified: &Verified, now: Timestamp) -> Result<Self, NotFinished> {
        self.is_due(shots)?;
        let by = match self.state {
            JobState::Open { canceled, .. } => canceled,
            JobState::Completed(_)
            | JobState::Partial(..)
            | JobState::Failed(..)
            | JobState::Canceled(_)
            | JobState::Expired(..) => None,
        };
        self.judged = self.judged_with(&verified.judged);
        self.report = verified.report;
        let billed: Option<Usd> = shots.iter().map(Shot::charge).sum();
        let cost = billed.map(|billed| self.reserved.map_or(billed, |reserved| billed.min(reserved)));
        let ending = Ending { at: now, cost, beyond: billed.unwrap_or_default() - cost.unwrap_or_default() };
        let failure = shots.iter().find_map(Shot::failure).cloned();
        let inconsistency = self.kind.inconsistency(shots, &self.judged);
        self.needs_review = verified.doubtful || inconsistency.is_some();
        let cancel_requested = shots.iter().any(|shot| shot.state == ShotState::Canceled);
        // A shot that was canceled says that it was taken back in time; a job without shots was if it was marked.
        let expired = by.filter(|by| *by == CanceledBy::Deadline && (cancel_requested || shots.is_empty()));
        self.state = match (self.completeness(shots), failure) {
            (Completeness::Partial, _) if let Some(by) = expired => JobState::Partial(ending, by.failure()),
            (Completeness::Failed, _) if let Some(by) = expired => JobState::Expired(ending, by.failure()),
            _ if let Some(by) = expired.filter(|_| shots.is_empty()) => JobState::Expired(ending, by.failure()),
            _ if shots.is_empty() && by.is_some() => JobState::Canceled(ending),
            (Completeness::Completed, _) if let Some(failure) = &verified.failure => {
                JobState::Failed(ending, failure.clone())
            }
            (Completeness::Completed, _) if let Some(failure) = inconsistency => JobState::Partial(ending, failure),
            (Completeness::Completed, _) => JobState::Completed(ending),
            (Completeness::Partial, Some(failure)) => JobState::Partial(ending, failure),
            (Completeness::Failed, Some(failure)) => JobState::Failed(ending, failure),
            (Completeness::Partial, None) if cancel_requested => {
                JobState::Partial(ending, CanceledBy::Caller.failure())
            }
            // Nothing failed and something is missing: it was flagged, and left out.
            (Completeness::Partial, None) => {
                let detail = "fal's safety checker flagged some of the images";
                JobState::Partial(ending, Failure::new(FailureCode::ContentRefused, detail))
            }
            (Completeness::Failed, None) => JobState::Canceled(ending),
        };
        Ok(self)
    }

    /// How much of it is there, with these settled `shots`. What was made before a job was taken back is a part of it,
    /// however little: the rest was not to be made, and what is paid for is to be found.
    fn completeness(&self, shots: &[Shot]) -> Completeness {
        let made = shots.iter().any(|shot| !shot.media().is_empty());
        match self.kind.judge(shots) {
            Completeness::Failed if made && self.is_cancel_requested() => Completeness::Partial,
            judged => judged,
        }
    }

    /// The job with more shots, where something else is tried before it is given up; `None` in most cases. They rank
    /// with the last one.
    #[must_use]
    pub fn tried_otherwise(&self, shots: &[Shot], now: Timestamp) -> Option<(Self, Vec<Shot>)> {
        self.extended(shots, self.kind.second_try(shots, &self.storage_plan), now)
    }

    /// The job with more shots, where what was made does not match and there is money to try again.
    #[must_use]
    pub fn rerolled(&self, shots: &[Shot], judged: &[Judged], now: Timestamp) -> Option<(Self, Vec<Shot>)> {
        let judged = self.judged_with(judged);
        let (job, more) = self.extended(shots, self.kind.rerolls(shots, &judged), now)?;
        Some((Self { judged, ..job }, more))
    }

    /// What was judged before, and now.
    #[must_use]
    pub fn judged_with(&self, anew: &[Judged]) -> Vec<Judged> {
        let before = self.judged.iter().filter(|old| anew.iter().all(|new| new.shot != old.shot));
        let mut all: Vec<Judged> = before.chain(anew).cloned().collect();
        all.sort_by_key(|judged| judged.shot);
        all
    }

    fn extended(&self, shots: &[Shot], recipes: Vec<Recipe>, now: Timestamp) -> Option<(Self, Vec<Shot>)> {
        let goes_on = matches!(self.state, JobState::Open { canceled: None, .. });
        let last = shots.last().filter(|_| goes_on && self.all_settled(shots))?;
        // Those that were opened again have a later turn than those behind them.
        let rank = shots.iter().map(|shot| shot.rank).max()?;
        let more: Vec<Shot> = (self.shots..)
            .zip(recipes)
            .map(|(ordinal, recipe)| Shot {
                together: last.together,
                ..Shot::new(self.id.shot(ordinal), self.project.clone(), last.lane, rank, recipe)
            })
            .collect();
        let count = self.shots + u16::try_from(more.len()).ok()?;
        (!more.is_empty())
            .then(|| (Self { shots: count, state: Self::opened(now, self.deadline), ..self.clone() }, more))
    }

    fn all_settled(&self, shots: &[Shot]) -> bool {
        shots.len() >= usize::from(self.shots) && shots.iter().all(Shot::is_settled)
    }
}

/// When the reconciler looks at an open job: at its deadline at the latest.
fn next_check(now: Timestamp, deadline: Option<Timestamp>) -> Timestamp {
    let usual = now + FINISH_PATIENCE;
    deadline.filter(|deadline| *deadline > now).map_or(usual, |deadline| deadline.min(usual))
}

#[cfg(test)]
mod properties;

#[cfg(test)]
pub(crate) mod tests;
