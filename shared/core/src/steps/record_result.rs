//! Recording what came of an attempt. Four ways lead here (the callback, a poll, a submit that was refused,
//! and silence) and any of them may come first, twice or late, so that all take this one step.

use jiff::{SignedDuration, Timestamp};

use crate::{
    clients::queue::{IngestWakeUp, LaneWakeUp, Queues},
    config::{ConfigError, Env, PromptWords, QueueConfig, StoreConfig},
    fal::{FalError, FalErrorKind},
    store::{Changed, Drift, Saved, Store, StoreError, Versioned},
    telemetry::causes,
};
use likeness_domain::{
    admission::{Certainty, Refusal},
    id::ShotId,
    prompt::Wording,
    rng::Rng,
    shot::{AfterArrival, Arrival, Illegal, Shot},
};

/// What the arrival led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It was news, and this follows.
    AfterArrival(AfterArrival),
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
    pub store: Store,
    pub queues: Queues,
    /// For the jitter of pauses.
    pub rng: Rng,
    /// What is taken out of a prompt that fal refused.
    pub wording: Wording,
}

impl Recorder {
    /// From the configuration of a function that may touch the table and all queues.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env, rng: Rng) -> Result<Self, ConfigError> {
        Ok(Self {
            store: Store::new(StoreConfig::from_env(env)?, rng.clone()),
            queues: Queues::new(QueueConfig::from_env(env)?),
            rng,
            wording: PromptWords::from_env(env)?.0,
        })
    }

    /// Records `arrival` for `attempt` of `shot` and wakes what can go on. A wake-up message that cannot be
    /// sent is left to the reconciler, as the record stands.
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
        let jitter = self.rng.range(0.0..1.0);
        let arrival = self.as_allowed(&read.value, arrival).await?;
        let mut recorded = Recorded::Unknown;
        let changed = self.store.change_shot_from(read, |shot| {
            let (after, next) = after_arrival(shot, attempt, &arrival, jitter, &self.wording, now)?;
            recorded = next;
            Ok(after)
        });
        match changed.await? {
            Changed::Done(after) => {
                match &recorded {
                    Recorded::AfterArrival(after_arrival) => {
                        self.look_at_bill(&after.value, now).await;
                        self.wake_next(&after.value, after_arrival).await;
                    }
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

    /// Where fal told what it bills, and that is not what the table of models says, it is logged as an error.
    async fn look_at_bill(&self, shot: &Shot, now: Timestamp) {
        let Some(drift) = Drift::of(shot, now) else { return };
        tracing::warn!(
            event = "price_drift",
            model = drift.model,
            units = drift.units,
            expected_usd = drift.expected.dollars(),
            billed_usd = drift.billed.dollars(),
            "fal bills something else than the table of models says"
        );
        if let Err(error) = self.store.note_drift(&drift).await {
            tracing::warn!(error = causes(&error), "a drift of prices is not noted");
        }
    }

    /// Records that fal did not take `attempt` of `shot`, and as far as `error` speaks of all submits that the lanes
    /// stand still. `probe`: this was the one try that finds out. The shot waits with the others, for `patience` at
    /// most.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn turned_away(
        &self,
        shot: ShotId,
        attempt: u32,
        error: FalError,
        probe: bool,
        patience: SignedDuration,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let after = self.refused(&error, probe, now).await?;
        self.record(shot, attempt, Arrival::TurnedAway { error, after, patience }, now).await
    }

    /// Notes that fal did not take a submit, for all the others; returns for how long the lanes stand still.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn refused(&self, error: &FalError, probe: bool, now: Timestamp) -> Result<SignedDuration, StoreError> {
        let refusal = refusal(error);
        let (saved, weather) = self.store.note_refusal(&refusal, probe, now).await?;
        let stop = weather.stop.filter(|stop| stop.until > now);
        if saved == Saved::Yes
            && let Some(stop) = &stop
        {
            tracing::error!(
                event = "lane_stopped",
                reason = refusal.reason,
                until = %stop.until,
                probes = stop.probes,
                "fal takes nothing: no submits for a while"
            );
        }
        Ok(stop.map_or(SignedDuration::ZERO, |stop| stop.until.duration_since(now)))
    }

    /// fal has a request of which nothing was known: it takes them, whatever became of its answers.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn fal_took_one(&self, shot: &Shot) -> Result<(), StoreError> {
        if self.store.weather().await?.is_foul() {
            self.store.open_lanes().await?;
            self.queues.wake_lane(shot.lane, LaneWakeUp::Room, SignedDuration::ZERO).await;
        }
        Ok(())
    }

    /// A refusal by the model's own filter leads to another model only where the project allows it.
    async fn as_allowed(&self, shot: &Shot, arrival: Arrival) -> Result<Arrival, StoreError> {
        match arrival {
            Arrival::Error(error) if error.kind == FalErrorKind::Moderated => {
                let project = self.store.project(&shot.project).await?;
                let allows = project.is_some_and(|project| project.moderation_fallback);
                let kind = if allows { FalErrorKind::Moderated } else { FalErrorKind::ContentPolicy };
                Ok(Arrival::Error(FalError { kind, ..error }))
            }
            arrival => Ok(arrival),
        }
    }

    /// Tells the functions that have something to do now.
    async fn wake_next(&self, shot: &Shot, after_arrival: &AfterArrival) {
        match after_arrival {
            AfterArrival::Retrying(pause) => {
                self.queues.wake_lane(shot.lane, LaneWakeUp::Job(shot.id.job), *pause).await;
                if pause.is_zero() {
                    return;
                }
            }
            AfterArrival::Delivered | AfterArrival::Failed | AfterArrival::Canceled => {
                self.queues.wake_ingest(IngestWakeUp::Shot(shot.id)).await;
            }
        }
        // Skip the wake-up if no shot is known to wait.
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
        Ok((after, after_arrival)) => Ok((after, Recorded::AfterArrival(after_arrival))),
        Err(Illegal::AlreadyDone | Illegal::State { .. }) => Err(Recorded::Known),
        Err(Illegal::OtherAttempt { .. }) => match arrival {
            Arrival::Images(delivery) => match shot.arrived_late(attempt, delivery) {
                Ok(after) => Ok((after, Recorded::Late)),
                Err(Illegal::AlreadyDone) => Err(Recorded::Known),
                Err(Illegal::OtherAttempt { .. } | Illegal::State { .. }) => Err(Recorded::Unknown),
            },
            Arrival::Error(_) | Arrival::TurnedAway { .. } | Arrival::Abandoned(_) | Arrival::Silence => {
                Err(Recorded::Late)
            }
        },
    }
}

/// What a submit that was not taken says about the others.
fn refusal(error: &FalError) -> Refusal {
    let reason = match error.kind {
        FalErrorKind::Authentication => "fal refuses the key",
        FalErrorKind::AccountLocked => "fal has locked the account",
        FalErrorKind::RateLimited => "fal takes no more requests for now",
        FalErrorKind::Unreachable => "fal cannot be reached",
        FalErrorKind::Unavailable
        | FalErrorKind::TimedOut
        | FalErrorKind::StartDeadline
        | FalErrorKind::Internal
        | FalErrorKind::ContentPolicy
        | FalErrorKind::Moderated
        | FalErrorKind::Download
        | FalErrorKind::InvalidInput
        | FalErrorKind::Cancelled
        | FalErrorKind::Garbled => "fal has a fault",
    };
    let lasting = matches!(error.kind, FalErrorKind::Authentication | FalErrorKind::AccountLocked);
    let certainty = match error.retry_after() {
        _ if lasting => Certainty::Lasting,
        Some(pause) => Certainty::Until(pause),
        None => Certainty::Likely,
    };
    Refusal { reason: reason.to_owned(), certainty }
}
