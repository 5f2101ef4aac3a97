//! Asking fal to drop what was taken back. fal may finish, and bill, a request all the same, and says nowhere whether
//! it calls back for one that it dropped: so it is looked up soon after, and only its outcome settles the shot.

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use crate::{
    clients::queue::LaneWakeUp,
    fal::Fal,
    steps::record_result::Recorder,
    store::{Changed, StoreError, Versioned},
    telemetry::causes,
};
use likeness_domain::{
    id::JobId,
    shot::{Shot, ShotState},
};

/// When fal is asked what became of a request that it was asked to drop.
const SOON: SignedDuration = SignedDuration::from_secs(3);

/// Asks fal to drop whatever it has of `job` that is no longer wanted.
///
/// # Errors
/// The table was out of reach or refused; the reconciler does what is left.
pub async fn cancel_job_at_provider(
    recorder: &Recorder,
    fal: &Fal,
    job: JobId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(view) = recorder.store.job(job).await? else { return Ok(()) };
    let mut asked = JoinSet::new();
    for shot in view.shots.into_iter().filter(|shot| shot.value.is_provider_cancel_due()) {
        let (recorder, fal) = (recorder.clone(), fal.clone());
        asked.spawn(async move { cancel_at_provider(&recorder, &fal, shot, now).await });
    }
    asked.join_all().await.into_iter().collect()
}

/// Asks fal to drop the request of a shot, read as `before`, if it was taken back and fal was not asked yet. An ask
/// that fal does not take is left to the reconciler; one whose record is lost is repeated, which does no harm.
///
/// # Errors
/// The table was out of reach or refused.
pub async fn cancel_at_provider(
    recorder: &Recorder,
    fal: &Fal,
    before: Versioned<Shot>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let shot = before.value.id;
    let ShotState::Submitted { request, .. } = &before.value.state else { return Ok(()) };
    if !before.value.is_provider_cancel_due() {
        return Ok(());
    }
    if let Err(error) = fal.cancel(request).await {
        tracing::warn!(shot.id = %shot, error = causes(&error), "not canceled at fal: left to the reconciler");
        return Ok(());
    }
    tracing::info!(event = "canceled_at_provider", shot.id = %shot, fal.request_id = request.id, "fal was asked to drop it");
    match recorder.store.change_shot_from(before, |shot| shot.provider_cancel_asked(now + SOON)).await? {
        Changed::Done(after) => recorder.queues.wake_lane(after.value.lane, LaneWakeUp::PollProvider(shot), SOON).await,
        // Its callback came meanwhile, or a poll told its outcome.
        Changed::Unchanged(_) | Changed::Gone => {}
    }
    Ok(())
}
