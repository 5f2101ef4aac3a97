//! Taking a job back. The job is marked first, and from then on nothing of it that waits is sent to fal, whoever comes upon
//! it: who takes it back, admission, or the sweep. Then each of its shots: one that waits is canceled, one in flight is
//! called off, which `call_off.rs` tells fal. A shot that is claimed in between is called off too, as the mark of a shot and
//! its claim are writes of the same record.

use jiff::{SignedDuration, Timestamp};

use crate::{
    id::JobId,
    job::{Job, TakenBack},
    queue::{IngestHint, LaneHint, Queues},
    store::{Changed, Store, StoreError},
};

/// Marks `job` as taken back, and takes back every shot of it.
///
/// # Errors
/// The table was out of reach or refused; what was taken back stands.
pub async fn take_back(
    store: &Store,
    queues: &Queues,
    job: JobId,
    by: TakenBack,
    now: Timestamp,
) -> Result<(), StoreError> {
    match store.change_job(job, |job| job.taken_back(by, now)).await? {
        Changed::Done(_) => take_back_shots(store, queues, job, now).await,
        // It ended before.
        Changed::Unchanged(_) | Changed::Gone => Ok(()),
    }
}

/// Takes back what is left of `job` if nothing of it may be sent any more, and says whether that is so: somebody took it
/// back, or its deadline has passed.
///
/// # Errors
/// The table was out of reach or refused; what was taken back stands.
pub async fn take_back_unwanted(
    store: &Store,
    queues: &Queues,
    job: JobId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match store.job_alone(job).await? {
        Some(job) => take_back_if_unwanted(store, queues, &job.value, now).await,
        None => Ok(false),
    }
}

/// The same for a job that was just read.
///
/// # Errors
/// As above.
pub async fn take_back_if_unwanted(
    store: &Store,
    queues: &Queues,
    job: &Job,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if job.is_out_of_time(now) {
        take_back(store, queues, job.id, TakenBack::Deadline, now).await?;
    } else if job.is_taken_back() {
        take_back_shots(store, queues, job.id, now).await?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Takes back every shot of a job that is marked; tells a lane, which calls off what is at fal, and ingest, which ends the
/// job if nothing is left of it.
///
/// # Errors
/// The table was out of reach or refused; what was taken back stands.
pub async fn take_back_shots(store: &Store, queues: &Queues, job: JobId, now: Timestamp) -> Result<(), StoreError> {
    // Decided with the job: it may have ended meanwhile and been opened again, and then its shots are wanted.
    let view = store
        .change_shots_of(job, |job, shot| if job.is_taken_back() { shot.clone().taken_back(now).ok() } else { None })
        .await?;
    let Some(view) = view.filter(|view| view.job.value.is_taken_back()) else { return Ok(()) };
    if let Some(at_fal) = view.shots.iter().find(|shot| shot.value.is_call_off_due()) {
        queues.hint_lane(at_fal.value.lane, LaneHint::CallOff(job), SignedDuration::ZERO).await;
    }
    queues.hint_ingest(IngestHint::Job(job)).await;
    Ok(())
}
