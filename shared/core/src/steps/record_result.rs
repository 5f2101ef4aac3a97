//! Recording what came of an attempt. Four ways lead here (the callback, a poll, a submit that was refused,
//! and silence) and any of them may come first, twice or late, so that all take this one step.

use jiff::{SignedDuration, Timestamp};

use crate::{
    admission::Stop,
    clients::queue::{IngestWakeUp, LaneWakeUp, Queues},
    config::{ConfigError, Env, PromptWords, QueueConfig, StoreConfig},
    entropy::Entropy,
    fal::{FalError, FalErrorKind},
    id::ShotId,
    prompt::Wording,
    shot::{Arrival, Illegal, Landed, Shot},
    store::{Changed, Saved, Store, StoreError, Versioned},
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

    /// Records `arrival` for `attempt` of `shot` and hints at what can be done next. A wake-up message that cannot be sent is left
    /// to the reconciler, as the record stands.
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
        let jitter = self.entropy.range(0.0..1.0);
        let is_news = read.value.clone().arrived(attempt, arrival.clone(), jitter, &self.wording, now).is_ok();
        let arrival = if is_news { self.stop_if_refused(arrival, now).await? } else { arrival };
        let mut recorded = Recorded::Unknown;
        let changed = self.store.change_shot_from(read, |shot| {
            let (after, next) = after_arrival(shot, attempt, &arrival, jitter, &self.wording, now)?;
            recorded = next;
            Ok(after)
        });
        match changed.await? {
            Changed::Done(after) => {
                match &recorded {
                    Recorded::Landed(landed) => self.hint(&after.value, landed).await,
                    Recorded::Late => tracing::warn!(
                        event = "paid_twice",
                        shot.id = %after.value.id,
                        shot.attempt = attempt,
                        "fal delivered an attempt that was given up"
                    ),
                    Recorded::Known | Recorded::Unknown => {}
                }
                Ok(recorded)
            }
            Changed::Unchanged(recorded) => Ok(recorded),
            Changed::Gone => Ok(Recorded::Unknown),
        }
    }

    /// What the arrival says of its shot: where it says that fal refuses us, the lanes are stopped, and a shot that was not
    /// the first to find that out was only turned away. Before the shot is written: it fails for having found out, and a
    /// crash in between has stopped the lanes.
    async fn stop_if_refused(&self, arrival: Arrival, now: Timestamp) -> Result<Arrival, StoreError> {
        let reason = match &arrival {
            Arrival::Error(error) => refuses_us(error),
            Arrival::Images(_) | Arrival::TurnedAway(_) | Arrival::Silence => None,
        };
        match (arrival, reason) {
            (Arrival::Error(error), Some(reason)) => Ok(match self.stop(reason, now).await? {
                Saved::Yes => Arrival::Error(error),
                Saved::Conflict => Arrival::TurnedAway(error),
            }),
            (arrival, _) => Ok(arrival),
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
                self.queues.wake_lane(shot.lane, LaneWakeUp::Job(shot.id.job), *pause).await;
                if pause.is_zero() {
                    return;
                }
            }
            Landed::Delivered | Landed::Failed | Landed::Canceled => {
                self.queues.wake_ingest(IngestWakeUp::Shot(shot.id)).await;
            }
        }
        // Where nobody is known to wait, nobody is told of the slot that came free.
        if self.store.anybody_waits().await.unwrap_or(true) {
            self.queues.wake_lane(shot.lane, LaneWakeUp::Room, SignedDuration::ZERO).await;
        }
    }
}

/// The shot as `arrival` leaves it, and what that is called; an error where it leaves it as it is.
fn after_arrival(
    shot: Shot,
    attempt: u32,
    arrival: &Arrival,
    jitter: f64,
    wording: &Wording,
    now: Timestamp,
) -> Result<(Shot, Recorded), Recorded> {
    match shot.clone().arrived(attempt, arrival.clone(), jitter, wording, now) {
        Ok((after, landed)) => Ok((after, Recorded::Landed(landed))),
        Err(Illegal::AlreadyDone | Illegal::State { .. }) => Err(Recorded::Known),
        Err(Illegal::OtherAttempt { .. }) => match arrival {
            Arrival::Images(delivery) => match shot.arrived_late(attempt, delivery) {
                Ok(after) => Ok((after, Recorded::Late)),
                Err(Illegal::AlreadyDone) => Err(Recorded::Known),
                Err(Illegal::OtherAttempt { .. } | Illegal::State { .. }) => Err(Recorded::Unknown),
            },
            Arrival::Error(_) | Arrival::TurnedAway(_) | Arrival::Silence => Err(Recorded::Late),
        },
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
