//! Asking fal about a shot: the way an outcome comes when its callback does not, and the rest of what a callback leaves
//! out. What follows from the answer is decided in `inquiry.rs`.

use jiff::{SignedDuration, Timestamp};

use crate::{
    fal::{Fal, FalError, FalStatus, NoAnswer, Says},
    inquiry::{Follows, Heard, follows},
    steps::record_result::{Recorded, Recorder},
    store::{Changed, StoreError, Versioned},
    telemetry::causes,
};
use likeness_domain::{
    admission::Held,
    id::ShotId,
    shot::{Arrival, FalRequest, Illegal, Shot, ShotState, Told},
};

/// When fal is asked what became of a request that it was asked to drop.
const SOON: SignedDuration = SignedDuration::from_secs(3);

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
    let ShotState::Submitted { request, told, .. } = &before.value.state else { return Ok(Polled::NotThere) };
    let heard = ask(fal, request, told.as_deref()).await;
    let check_at = now + fal.patience().check;
    match follows(&before.value, heard, fal.patience(), now) {
        Follows::Record(arrival) => {
            let recorded = recorder.record(shot, before.value.attempt(), arrival, now).await?;
            return Ok(Polled::Recorded(recorded));
        }
        Follows::Running => note(recorder, &before, |shot| shot.still_running(check_at)).await?,
        Follows::Unanswered { doubt } => note(recorder, &before, |shot| shot.unanswered(doubt, now, check_at)).await?,
        // Noted first: the callback of a request that was dropped for being late must not be taken for its own outcome.
        Follows::TooLate => {
            note(recorder, &before, |shot| shot.too_late(now + SOON)).await?;
            if let Err(said) = fal.cancel(request).await {
                tracing::warn!(shot.id = %shot, error = causes(&said), "not cancelled at fal");
            }
        }
    }
    Ok(Polled::Waiting)
}

/// Asks about an attempt that was given up and may still run, and gives its slot back where fal says that it does not.
/// Its images, if it made any, are on the bill and are noted.
///
/// # Errors
/// The table was out of reach or refused.
pub async fn poll_left_over(
    recorder: &Recorder,
    fal: &Fal,
    held: &Held,
    request: &FalRequest,
    now: Timestamp,
) -> Result<Polled, StoreError> {
    let recorded = match ask(fal, request, None).await {
        Heard::Images(delivery) => recorder.record(held.shot, held.attempt, Arrival::Images(delivery), now).await?,
        // Over, and not known any more, are both an end.
        Heard::NoResult(NoAnswer { says: Says::Outcome, .. }, _)
        | Heard::NoStatus(NoAnswer { says: Says::Doubt, .. }) => Recorded::Known,
        Heard::Unfinished | Heard::NoResult(..) | Heard::NoStatus(_) => return Ok(Polled::Waiting),
    };
    recorder.store.release(held).await?;
    Ok(Polled::Recorded(recorded))
}

async fn ask(fal: &Fal, request: &FalRequest, told: Option<&Told>) -> Heard {
    let heard = match told {
        // A callback has said that it is over.
        Some(told) => result(fal, request, None, matches!(told, Told::Failed(_))).await,
        None => match fal.status(request).await {
            Ok(FalStatus::Unfinished) => Heard::Unfinished,
            Ok(FalStatus::Completed(failure)) => {
                let failed = failure.is_some();
                result(fal, request, failure, failed).await
            }
            Err(said) => Heard::NoStatus(said),
        },
    };
    if let Heard::NoStatus(said) | Heard::NoResult(said, _) = &heard
        && said.says != Says::Outcome
    {
        tracing::warn!(fal.request_id = request.id, error = causes(said), says = ?said.says, "fal did not answer");
    }
    heard
}

async fn result(fal: &Fal, request: &FalRequest, failure: Option<FalError>, told: bool) -> Heard {
    match fal.result(request, told).await {
        Ok(delivery) => Heard::Images(delivery),
        Err(said) => Heard::NoResult(said, failure),
    }
}

/// Only as it was read: every other write knows more than that it is to be asked again.
async fn note(
    recorder: &Recorder,
    before: &Versioned<Shot>,
    transition: impl Fn(Shot) -> Result<Shot, Illegal>,
) -> Result<(), StoreError> {
    let noted = |shot: Shot| if shot == before.value { transition(shot) } else { Ok(shot) };
    match recorder.store.change_shot_from(before.clone(), noted).await? {
        Changed::Done(_) | Changed::Unchanged(_) | Changed::Gone => Ok(()),
    }
}
