//! A job that has to be done by a certain time is taken back when that has passed. A delayed message says when; the
//! reconciler finds what it missed, as the time stands in the job.

use jiff::Timestamp;

use crate::{
    clients::queue::{LaneWakeUp, Queues},
    steps::cancel::cancel_unwanted,
    store::{Store, StoreError},
};
use likeness_domain::{id::JobId, job::Job, lane::Lane};

/// Sends a message that arrives at the deadline of `job`, if it has one.
pub async fn watch_deadline(queues: &Queues, job: &Job, now: Timestamp) {
    let Some(deadline) = job.deadline.filter(|_| job.ending().is_none()) else { return };
    // SQS holds a message back for 15 minutes at most: a function that gets it earlier sends it on. Lanes are never
    // busy for long.
    let lane = job.kind.lane().unwrap_or(Lane::Master);
    queues.wake_lane(lane, LaneWakeUp::Deadline(job.id), deadline.duration_since(now)).await;
}

/// Takes `job` back if its deadline has passed; has it looked at again if not.
///
/// # Errors
/// The table was out of reach or refused.
pub async fn at_deadline(store: &Store, queues: &Queues, job: JobId, now: Timestamp) -> Result<(), StoreError> {
    if cancel_unwanted(store, queues, job, now).await? {
        return Ok(());
    }
    let Some(read) = store.job_alone(job).await? else { return Ok(()) };
    watch_deadline(queues, &read.value, now).await;
    Ok(())
}
