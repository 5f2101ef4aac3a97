//! Canceling a job. The job is marked first, and from then on nothing of it that waits is sent to fal. Then each of its
//! shots: one that waits is canceled; one in flight is marked, and `cancel_at_provider.rs` asks fal to drop it. A shot
//! that is claimed in between is marked too, as the mark of a shot and its claim are writes of the same record.

use jiff::{SignedDuration, Timestamp};

use crate::{
    clients::queue::{IngestWakeUp, LaneWakeUp, Queues},
    store::{Changed, Store, StoreError},
};
use likeness_domain::{
    id::JobId,
    job::{CanceledBy, Job},
};

/// Marks `job` as canceled, and cancels every shot of it.
///
/// # Errors
/// The table was out of reach or refused; what was canceled stands.
pub async fn request_cancel(
    store: &Store,
    queues: &Queues,
    job: JobId,
    by: CanceledBy,
    now: Timestamp,
) -> Result<(), StoreError> {
    match store.change_job(job, |job| job.cancel_requested(by, now)).await? {
        Changed::Done(_) => cancel_shots(store, queues, job, now).await,
        // It ended before.
        Changed::Unchanged(_) | Changed::Gone => Ok(()),
    }
}

/// Cancels what is left of `job` if nothing of it may be sent any more, and says whether that is so: a cancel was
/// requested, or its deadline has passed.
///
/// # Errors
/// The table was out of reach or refused; what was canceled stands.
pub async fn cancel_unwanted(store: &Store, queues: &Queues, job: JobId, now: Timestamp) -> Result<bool, StoreError> {
    match store.job_alone(job).await? {
        Some(job) => cancel_if_unwanted(store, queues, &job.value, now).await,
        None => Ok(false),
    }
}

/// The same for a job that was just read.
///
/// # Errors
/// As above.
pub async fn cancel_if_unwanted(store: &Store, queues: &Queues, job: &Job, now: Timestamp) -> Result<bool, StoreError> {
    if job.is_out_of_time(now) {
        request_cancel(store, queues, job.id, CanceledBy::Deadline, now).await?;
    } else if job.is_cancel_requested() {
        cancel_shots(store, queues, job.id, now).await?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Cancels every shot of a job that is marked; wakes a lane, which asks fal to drop what it has, and ingest, which ends
/// the job if nothing is left of it.
///
/// # Errors
/// The table was out of reach or refused; what was canceled stands.
pub async fn cancel_shots(store: &Store, queues: &Queues, job: JobId, now: Timestamp) -> Result<(), StoreError> {
    // Decided with the job: it may have ended meanwhile and been opened again, and then its shots are wanted.
    let view = store
        .change_shots_of(
            job,
            |job, shot| if job.is_cancel_requested() { shot.clone().cancel_requested(now).ok() } else { None },
        )
        .await?;
    let Some(view) = view.filter(|view| view.job.value.is_cancel_requested()) else { return Ok(()) };
    if let Some(at_fal) = view.shots.iter().find(|shot| shot.value.is_provider_cancel_due()) {
        queues.wake_lane(at_fal.value.lane, LaneWakeUp::CancelAtProvider(job), SignedDuration::ZERO).await;
    }
    queues.wake_ingest(IngestWakeUp::Job(job)).await;
    Ok(())
}
