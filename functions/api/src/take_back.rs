//! Taking a job back: the shots that wait go, those at fal go on.

use likeness_core::{
    id::JobId,
    queue::IngestHint,
    store::{Saved, StoreError},
};

use crate::app::App;

/// Takes back every shot of `job` that waits, and tells ingest, which ends the job if nothing is left of it.
pub(crate) async fn take_back(app: &App, job: JobId) -> Result<(), StoreError> {
    let mut again = true;
    while again {
        again = false;
        let Some(view) = app.store.job(job).await? else { return Ok(()) };
        if view.job.value.ending().is_some() {
            return Ok(());
        }
        for shot in &view.shots {
            let Ok(canceled) = shot.value.clone().canceled() else { continue };
            // Admission may have been faster with this one; whether it waits is to be seen anew.
            again |= app.store.save_shot(shot, &canceled).await? == Saved::Conflict;
        }
    }
    app.intake.queues.hint_ingest(IngestHint::Job(job)).await;
    Ok(())
}
