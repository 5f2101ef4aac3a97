//! Taking a job back. The job is marked first, and from then on nothing of it that waits is sent to fal, whoever comes upon
//! it: who takes it back, admission, or the sweep. Then each of its shots: one that waits is canceled, one in flight is
//! called off, which `call_off.rs` tells fal. A shot that is claimed in between is called off too, as the mark of a shot and
//! its claim are writes of the same record.

use jiff::{SignedDuration, Timestamp};

use crate::{
    id::JobId,
    job::{Job, TakenBack},
    queue::{IngestHint, LaneHint, Queues},
    store::{Saved, Store, StoreError},
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
    loop {
        let Some(before) = store.job(job).await?.map(|view| view.job) else { return Ok(()) };
        let Ok(after) = before.value.clone().taken_back(by, now) else { return Ok(()) };
        // Whoever was faster may have ended it, or added shots to it.
        if after == before.value || store.save_job(&after, before.revision).await? == Saved::Yes {
            return take_back_shots(store, queues, job, now).await;
        }
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
        Some(job) => take_back_if_unwanted(store, queues, &job, now).await,
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
    let (mut again, mut at_fal) = (true, None);
    while again {
        again = false;
        let Some(view) = store.job(job).await? else { return Ok(()) };
        // It ended meanwhile, and somebody may have opened it again, who wants these shots.
        if !view.job.value.is_taken_back() {
            return Ok(());
        }
        for shot in &view.shots {
            if shot.value.is_call_off_due() {
                at_fal = Some(shot.value.lane);
            }
            let Ok(after) = shot.value.clone().taken_back(now) else { continue };
            match store.save_shot(shot, &after).await? {
                Saved::Yes if after.is_called_off() => at_fal = Some(after.lane),
                Saved::Yes => {}
                // Admission, or fal's answer, may have been faster with this one: how it stands is to be seen anew.
                Saved::Conflict => again = true,
            }
        }
    }
    if let Some(lane) = at_fal {
        queues.hint_lane(lane, LaneHint::CallOff(job), SignedDuration::ZERO).await;
    }
    queues.hint_ingest(IngestHint::Job(job)).await;
    Ok(())
}
