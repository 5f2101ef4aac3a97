//! Recording what came of an attempt. Four ways lead here (the callback, a look-up, a submit that was refused,
//! and silence) and any of them may come first, twice or late, so that all take this one step.

use jiff::{SignedDuration, Timestamp};

use crate::{
    admission::Stop,
    config::{ConfigError, Env, PromptWords, QueueConfig, StoreConfig},
    entropy::Entropy,
    fal::{FalError, FalErrorKind},
    id::ShotId,
    prompt::Wording,
    queue::{IngestHint, LaneHint, Queues},
    shot::{Arrival, Illegal, Landed, Shot},
    store::{Saved, Store, StoreError, Versioned},
};

/// How long the lanes stand still after fal refused our key or account, before one shot tries again.
pub const STOP_FOR: SignedDuration = SignedDuration::from_mins(1);

/// What the arrival led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It was news, and this follows.
    Landed(Landed),
    /// It was known.
    Known,
    /// The attempt had been given up and replaced: noted as paid twice if images came.
    Late,
    /// There is no such shot or attempt.
    Unknown,
}

/// What recording an outcome touches.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// The table.
    pub store: Store,
    /// The queues.
    pub queues: Queues,
    /// For the jitter of pauses.
    pub entropy: Entropy,
    /// What is taken out of a prompt that fal refused.
    pub wording: Wording,
}

impl Recorder {
    /// From the configuration of a function that may touch the table and all queues.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env, entropy: Entropy) -> Result<Self, ConfigError> {
        Ok(Self {
            store: Store::new(StoreConfig::from_env(env)?, entropy.clone()),
            queues: Queues::new(QueueConfig::from_env(env)?),
            entropy,
            wording: PromptWords::from_env(env)?.0,
        })
    }

    /// Records `arrival` for `attempt` of `shot` and hints at what can be done next. A hint that cannot be sent is left
    /// to the sweep, as the record stands.
    ///
    /// # Errors
    /// The table was out of reach or refused; nothing was recorded.
    pub async fn record(
        &self,
        shot: ShotId,
        attempt: u32,
        arrival: Arrival,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        match self.store.shot(shot).await? {
            Some(read) => self.record_for(read, attempt, arrival, now).await,
            None => Ok(Recorded::Unknown),
        }
    }

    /// The same for a shot that was just `read`.
    ///
    /// # Errors
    /// As above.
    pub async fn record_for(
        &self,
        read: Versioned<Shot>,
        attempt: u32,
        arrival: Arrival,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let (mut before, mut arrival, mut stopped) = (read, arrival, false);
        loop {
            let jitter = self.entropy.range(0.0..1.0);
            let (after, landed) =
                match before.value.clone().arrived(attempt, arrival.clone(), jitter, &self.wording, now) {
                    Ok(next) => next,
                    Err(Illegal::AlreadyDone | Illegal::State { .. }) => return Ok(Recorded::Known),
                    Err(Illegal::OtherAttempt { .. }) => return self.record_late(&before, attempt, &arrival).await,
                };
            // Before the shot is written: it fails for having found out, and whoever stops in between has stopped the lanes.
            if let Arrival::Error(error) = &arrival
                && let Some(reason) = refuses_us(error)
                && !stopped
            {
                stopped = self.stop(reason, now).await? == Saved::Yes;
                if !stopped {
                    arrival = Arrival::TurnedAway(error.clone());
                    continue;
                }
            }
            if self.store.save_shot(&before, &after).await? == Saved::Yes {
                self.hint(&after, &landed).await;
                return Ok(Recorded::Landed(landed));
            }
            match self.store.shot(before.value.id).await? {
                Some(read) => before = read,
                None => return Ok(Recorded::Unknown),
            }
        }
    }

    async fn record_late(
        &self,
        before: &Versioned<Shot>,
        attempt: u32,
        arrival: &Arrival,
    ) -> Result<Recorded, StoreError> {
        let Arrival::Images(delivery) = arrival else { return Ok(Recorded::Late) };
        match before.value.clone().arrived_late(attempt, delivery) {
            Ok(after) => {
                // A conflict means that the shot moved on meanwhile; the busy answer makes fal call again.
                if self.store.save_shot(before, &after).await? == Saved::Conflict {
                    return Err(StoreError::Busy("the shot changed while a late callback was noted".into()));
                }
                tracing::warn!(
                    event = "paid_twice",
                    shot.id = %after.id,
                    shot.attempt = attempt,
                    "fal delivered an attempt that was given up"
                );
                Ok(Recorded::Late)
            }
            Err(Illegal::AlreadyDone) => Ok(Recorded::Known),
            Err(Illegal::OtherAttempt { .. } | Illegal::State { .. }) => Ok(Recorded::Unknown),
        }
    }

    /// Stops the lanes, unless they stand still.
    async fn stop(&self, reason: &str, now: Timestamp) -> Result<Saved, StoreError> {
        let stop = Stop { until: now + STOP_FOR, reason: reason.to_owned() };
        let saved = self.store.stop_lanes(stop, now).await?;
        if saved == Saved::Yes {
            tracing::error!(event = "lane_stopped", reason, "fal refuses us: no submits for a while");
        }
        Ok(saved)
    }

    /// Tells the functions that have something to do now.
    async fn hint(&self, shot: &Shot, landed: &Landed) {
        match landed {
            Landed::Retrying(pause) => {
                self.queues.hint_lane(shot.lane, LaneHint::Job(shot.id.job), *pause).await;
                if pause.is_zero() {
                    return;
                }
            }
            Landed::Delivered | Landed::Failed | Landed::Canceled => {
                self.queues.hint_ingest(IngestHint::Shot(shot.id)).await;
            }
        }
        // Where nobody is known to wait, nobody is told of the slot that came free.
        if self.store.anybody_waits().await.unwrap_or(true) {
            self.queues.hint_lane(shot.lane, LaneHint::Room, SignedDuration::ZERO).await;
        }
    }
}

/// Why fal refuses whatever we send, if that is what `error` says.
fn refuses_us(error: &FalError) -> Option<&'static str> {
    match error.kind {
        FalErrorKind::Authentication => Some("fal refuses the key"),
        FalErrorKind::AccountLocked => Some("fal has locked the account"),
        FalErrorKind::RateLimited
        | FalErrorKind::Unavailable
        | FalErrorKind::Unreachable
        | FalErrorKind::TimedOut
        | FalErrorKind::StartDeadline
        | FalErrorKind::Internal
        | FalErrorKind::ContentPolicy
        | FalErrorKind::Download
        | FalErrorKind::InvalidInput
        | FalErrorKind::Cancelled
        | FalErrorKind::Garbled => None,
    }
}
