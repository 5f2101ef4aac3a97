//! Taking a job back. The job is marked first, and from then on nothing of it that waits is sent to fal, whoever comes upon
//! it: who takes it back, admission, or the sweep. What is at fal goes on, and the job ends with it.

use crate::{
    id::JobId,
    queue::{IngestHint, Queues},
    store::{Saved, Store, StoreError},
};

/// Marks `job` as taken back and takes back every shot of it that waits.
///
/// # Errors
/// The table was out of reach or refused; what was taken back stands.
pub async fn take_back(store: &Store, queues: &Queues, job: JobId) -> Result<(), StoreError> {
    loop {
        let Some(before) = store.job(job).await?.map(|view| view.job) else { return Ok(()) };
        let Ok(after) = before.value.clone().taken_back() else { return Ok(()) };
        // Whoever was faster may have ended it, or added shots to it.
        if after == before.value || store.save_job(&after, before.revision).await? == Saved::Yes {
            return take_back_waiting(store, queues, job).await;
        }
    }
}

/// Takes back every shot that waits of a job that is marked, and tells ingest, which ends the job if nothing is left of it.
///
/// # Errors
/// The table was out of reach or refused; what was taken back stands.
pub async fn take_back_waiting(store: &Store, queues: &Queues, job: JobId) -> Result<(), StoreError> {
    let mut again = true;
    while again {
        again = false;
        let Some(view) = store.job(job).await? else { return Ok(()) };
        for shot in &view.shots {
            let Ok(canceled) = shot.value.clone().canceled() else { continue };
            // Admission may have been faster with this one; whether it waits is to be seen anew.
            again |= store.save_shot(shot, &canceled).await? == Saved::Conflict;
        }
    }
    queues.hint_ingest(IngestHint::Job(job)).await;
    Ok(())
}
