//! Asking fal about a shot of which nothing was heard: the way an outcome comes when its callback does not.

use jiff::{SignedDuration, Timestamp};

use crate::{
    fal::{Fal, FalError, FalErrorKind, FalStatus},
    id::ShotId,
    shot::{Arrival, FalRequest, Shot, ShotState},
    steps::record_result::{Recorded, Recorder},
    store::{Changed, StoreError, Versioned},
    telemetry::causes,
};

/// How long fal keeps results.
const RETENTION: SignedDuration = SignedDuration::from_hours(1);

/// What asking led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled {
    /// fal still works on it, or cannot be asked just now; it is asked again later.
    Waiting,
    /// An outcome was recorded.
    Recorded(Recorded),
    /// The shot is not at fal, so there was nothing to ask.
    NotThere,
}

/// Asks about `shot`, and records what came of it.
///
/// # Errors
/// The table was out of reach or refused.
pub async fn poll_provider(recorder: &Recorder, fal: &Fal, shot: ShotId, now: Timestamp) -> Result<Polled, StoreError> {
    let Some(before) = recorder.store.shot(shot).await? else { return Ok(Polled::NotThere) };
    let ShotState::Submitted { request, .. } = &before.value.state else { return Ok(Polled::NotThere) };
    let out_of_time = is_out_of_time(&before.value, fal, now);
    let (arrival, cancel) = match ask(fal, request).await {
        Answer::Outcome(arrival) => (arrival, false),
        Answer::Unfinished if out_of_time => {
            (Arrival::Error(FalError::new(FalErrorKind::TimedOut, "fal took longer than it is given")), true)
        }
        // fal keeps results for an hour: what could not be asked for by then never will be.
        Answer::None if is_forgotten(&before.value, now) => (Arrival::Silence, false),
        Answer::Unfinished | Answer::None => return ask_again_later(recorder, &before, fal, now).await,
    };
    let recorded = recorder.record(shot, before.value.attempt(), arrival, now).await?;
    // Only after it was given up: the callback of a cancelled request must not be taken for its outcome. It may finish all
    // the same; then its callback finds the attempt given up, and says so.
    if cancel && let Err(error) = fal.cancel(request).await {
        tracing::warn!(shot.id = %shot, error = causes(&error), "not cancelled at fal");
    }
    Ok(Polled::Recorded(recorded))
}

enum Answer {
    Outcome(Arrival),
    Unfinished,
    None,
}

async fn ask(fal: &Fal, request: &FalRequest) -> Answer {
    let unanswered = |error: FalError| {
        tracing::warn!(fal.request_id = request.id, error = causes(&error), "fal cannot be asked");
        Answer::None
    };
    match fal.status(request).await {
        Ok(FalStatus::Unfinished) => Answer::Unfinished,
        Ok(FalStatus::NotFound) => Answer::Outcome(Arrival::Silence),
        Ok(FalStatus::Completed) => match fal.result(request).await {
            Ok(delivery) => Answer::Outcome(Arrival::Images(delivery)),
            Err(error) if !error.is_outcome() => unanswered(error),
            Err(error) => Answer::Outcome(Arrival::Error(error)),
        },
        Err(error) => unanswered(error),
    }
}

fn is_forgotten(shot: &Shot, now: Timestamp) -> bool {
    shot.attempts.last().is_some_and(|attempt| attempt.started_at + RETENTION <= now)
}

fn is_out_of_time(shot: &Shot, fal: &Fal, now: Timestamp) -> bool {
    shot.attempts.last().is_some_and(|attempt| attempt.started_at + fal.patience().window() <= now)
}

async fn ask_again_later(
    recorder: &Recorder,
    before: &Versioned<Shot>,
    fal: &Fal,
    now: Timestamp,
) -> Result<Polled, StoreError> {
    let check_at = now + fal.patience().check;
    // Only as it was read: every other write knows more than "still running".
    let still_running = |shot: Shot| if shot == before.value { shot.still_running(check_at) } else { Ok(shot) };
    match recorder.store.change_shot_from(before.clone(), still_running).await? {
        Changed::Done(_) | Changed::Unchanged(_) | Changed::Gone => Ok(Polled::Waiting),
    }
}
