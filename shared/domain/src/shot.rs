//! A shot: one image request to fal, and the only place where its state changes.
//!
//! ```text
//! waiting -> submitting -> submitted -> delivered -> stored
//!    ^           |             |           |
//!    +-- retry --+-------------+           +-> failed
//! ```
//! Taken back, a shot that waits is canceled at once; one in flight is called off, and canceled when its attempt comes
//! to nothing. One that failed or was canceled can be opened again, with its job: it waits anew.
//!
//! Transitions are pure: from a state to a state, or an error that says why not. `store` writes the outcome only if
//! the shot was not changed meanwhile, so a transition never needs to think about races.

mod attempt;
mod record;
mod retry;
mod state;
mod transition;

#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
mod tests;

pub use attempt::{Attempt, AttemptOutcome};
pub use state::{CancelAtProvider, Delivery, FalRequest, GeneratedImage, ProviderRequest, ShotState, Told, Unclear};
pub use transition::{AfterArrival, Arrival, Illegal};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use self::record::ShotRecord;
use crate::{
    failure::Failure,
    id::{MediaId, ProjectId, ShotId},
    lane::Lane,
    money::Usd,
    recipe::Recipe,
};

/// One image request to fal, with its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "ShotRecord", into = "ShotRecord")]
pub struct Shot {
    /// Its id, which holds its job's.
    pub id: ShotId,
    /// The project that pays.
    pub project: ProjectId,
    /// The lane that carries its messages.
    pub lane: Lane,
    /// Its place in the queue, see [`Rank`].
    pub rank: Rank,
    /// What the next attempt sends.
    pub recipe: Recipe,
    /// Most shots of its job in flight at once, where that is limited.
    pub together: Option<u16>,
    /// Where it stands.
    pub state: ShotState,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
    /// How many of these were made before it was opened again: they count for its cost, and for no limit.
    pub before: u32,
    /// Why it did not bring all the images that were delivered, once the others are stored.
    pub left_out: Option<Failure>,
    /// When the reconciler looks at it, where that is before it is due: see [`Shot::looked_at`].
    pub look_at: Option<Timestamp>,
    /// Since when fal takes nothing of it, where that is so just now.
    pub held_up: Option<HeldUp>,
}

/// A run of refusals that are not about the shot: of our key, our pace, or fal is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldUp {
    /// When fal first took nothing.
    pub since: Timestamp,
    /// How often it was tried since.
    pub times: u32,
}

/// For how long fal keeps a request at most, running or done: after it a slot is free whatever fal says.
pub const FAL_KEEPS: SignedDuration = SignedDuration::from_hours(1);

/// The order of admission: priority of the kind, then the project's turn, then age.
///
/// Every project's shots of a priority take its turns one after another; a project that was idle starts at the turn
/// that is being served. So a project with 12 shots is served alternately with one that queued 120 before it
/// (start-time fair queuing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    /// Of the kind; lower goes first.
    pub priority: u8,
    /// Of the project, among its shots of this priority.
    pub turn: u64,
}

impl Rank {
    /// A text that sorts as the rank does, with the shot's id (and so its age) last.
    #[must_use]
    pub fn sort_key(self, shot: ShotId) -> String {
        format!("{}#{:012}#{shot}", self.priority, self.turn)
    }
}

/// Which function has to act on a shot, and when; the store keeps it in one index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Admission, when there is room.
    Ready(Rank),
    /// The reconciler, if nothing happened by then.
    Due(Timestamp),
    /// None.
    None,
}

/// DynamoDB keeps 400 KB in an item, and counts somewhat otherwise than JSON.
const MOST_BYTES: usize = 350_000;

/// As JSON; what cannot be written has no place.
fn bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

impl Shot {
    /// A new shot that waits for admission.
    #[must_use]
    pub fn new(id: ShotId, project: ProjectId, lane: Lane, rank: Rank, recipe: Recipe) -> Self {
        let state = ShotState::Waiting { not_before: None };
        Self {
            id,
            project,
            lane,
            rank,
            recipe,
            together: None,
            state,
            attempts: Vec::new(),
            before: 0,
            left_out: None,
            look_at: None,
            held_up: None,
        }
    }

    /// The recipe that it was planned with, before any retry changed it.
    #[must_use]
    pub fn asked(&self) -> &Recipe {
        self.attempts.first().map_or(&self.recipe, |first| &first.recipe)
    }

    /// The images that it brought, once they are stored.
    #[must_use]
    pub fn media(&self) -> &[MediaId] {
        match &self.state {
            ShotState::Stored { media } => media,
            ShotState::Waiting { .. }
            | ShotState::Submitting(_)
            | ShotState::Submitted { .. }
            | ShotState::Delivered { .. }
            | ShotState::Failed(_)
            | ShotState::Canceled => &[],
        }
    }

    /// What is to be done about it next.
    #[must_use]
    pub fn work(&self) -> Work {
        let due = match &self.state {
            ShotState::Waiting { not_before: None } => return Work::Ready(self.rank),
            ShotState::Waiting { not_before: Some(due) } => *due,
            ShotState::Submitting(in_flight) => in_flight.lease_until,
            ShotState::Submitted { check_at, .. } | ShotState::Delivered { check_at, .. } => *check_at,
            ShotState::Stored { .. } | ShotState::Failed(_) | ShotState::Canceled => return Work::None,
        };
        Work::Due(self.look_at.map_or(due, |earlier| earlier.min(due)))
    }

    /// The reconciler looks at it at `at` already, whatever happens until then. A shot goes from state to state within
    /// seconds, each with another time at which it is due, and to move it in the index costs more than to look too
    /// early.
    #[must_use]
    pub fn looked_at(self, at: Timestamp) -> Self {
        Self { look_at: Some(at), ..self }
    }

    /// The same shot, which the reconciler looks at when it is due; `None` where that is so already.
    #[must_use]
    pub fn looked_at_when_due(&self) -> Option<Self> {
        let exact = Self { look_at: None, ..self.clone() };
        (exact.work() != self.work()).then_some(exact)
    }

    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.work() == Work::None
    }

    /// The slot that it holds.
    #[must_use]
    pub fn in_flight(&self) -> Option<&ProviderRequest> {
        match &self.state {
            ShotState::Submitting(in_flight) | ShotState::Submitted { in_flight, .. } => Some(in_flight),
            ShotState::Waiting { .. }
            | ShotState::Delivered { .. }
            | ShotState::Stored { .. }
            | ShotState::Failed(_)
            | ShotState::Canceled => None,
        }
    }

    /// Until when its slot is held, if nothing is heard: fal may have the request for as long as it keeps any.
    #[must_use]
    pub fn slot_lease(&self) -> Option<Timestamp> {
        let started_at = self.attempts.last()?.started_at;
        Some(self.in_flight()?.lease_until.max(started_at + FAL_KEEPS))
    }

    /// Whether it was taken back while in flight.
    #[must_use]
    pub fn is_cancel_requested(&self) -> bool {
        self.in_flight().is_some_and(|in_flight| match in_flight.cancel_at_provider {
            CancelAtProvider::Due | CancelAtProvider::Asked => true,
            CancelAtProvider::No | CancelAtProvider::Late => false,
        })
    }

    /// Whether it was, and fal was not asked to drop it yet.
    #[must_use]
    pub fn is_provider_cancel_due(&self) -> bool {
        self.in_flight().is_some_and(|in_flight| in_flight.cancel_at_provider == CancelAtProvider::Due)
    }

    /// The number of the attempt that is under way or was the last; 0 before the first.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempts.last().map_or(0, |attempt| attempt.number)
    }

    /// The number of the attempt whose images came; 0 before any did.
    #[must_use]
    pub fn delivered_attempt(&self) -> u32 {
        let delivered = self.attempts.iter().find(|attempt| attempt.outcome == AttemptOutcome::Delivered);
        let unusable = |attempt: &&Attempt| matches!(attempt.outcome, AttemptOutcome::Unusable(_));
        delivered.or_else(|| self.attempts.iter().rfind(unusable)).map_or(0, |attempt| attempt.number)
    }

    /// Whether it ended without an image, so that it can be opened again.
    #[must_use]
    pub fn made_nothing(&self) -> bool {
        matches!(self.state, ShotState::Failed(_) | ShotState::Canceled)
    }

    /// Whether its record can hold as many attempts more as there may be, each of them with a recipe of its own: the
    /// next may change what the ones before have in common.
    pub(crate) fn has_room_for_attempts(&self) -> bool {
        let attempts = self.attempts.len().saturating_add(retry::MAX_ATTEMPTS);
        bytes(self).saturating_add(bytes(&self.recipe).saturating_mul(attempts)) < MOST_BYTES
    }

    /// The attempts that count against the limits: those since it was opened, which fal took or may have taken.
    fn counted(&self) -> Vec<&Attempt> {
        let counts = |attempt: &&Attempt| {
            attempt.number > self.before && !matches!(attempt.outcome, AttemptOutcome::TurnedAway(_))
        };
        self.attempts.iter().filter(counts).collect()
    }

    /// How far it has come, in percent.
    #[must_use]
    pub fn progress(&self) -> u32 {
        match &self.state {
            ShotState::Waiting { .. } => 0,
            ShotState::Submitting(_) => 10,
            ShotState::Submitted { .. } => 30,
            ShotState::Delivered { .. } => 80,
            ShotState::Stored { .. } | ShotState::Failed(_) | ShotState::Canceled => 100,
        }
    }

    /// Why it, or one of its images, failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match &self.state {
            ShotState::Failed(failure) => Some(failure),
            ShotState::Stored { .. } => self.left_out.as_ref(),
            ShotState::Waiting { .. }
            | ShotState::Submitting(_)
            | ShotState::Submitted { .. }
            | ShotState::Delivered { .. }
            | ShotState::Canceled => None,
        }
    }

    /// What fal billed for pictures of it that came when they were needed no more.
    #[must_use]
    pub fn paid_in_vain(&self) -> Option<Usd> {
        self.attempts.iter().map(Attempt::paid_in_vain).sum()
    }

    /// What the caller is charged: what fal bills, but nothing for what was refused. `None` when a price is unknown.
    #[must_use]
    pub fn charge(&self) -> Option<Usd> {
        self.attempts.iter().map(Attempt::charge).sum()
    }
}
