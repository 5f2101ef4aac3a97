//! The end of a job: once its last shot is settled, its cost is too.

use likeness_core::{
    id::JobId,
    job::NotFinished,
    money::Usd,
    store::{Saved, StoreError},
};

use crate::app::App;

/// Ends `job` if all its shots are settled.
pub(crate) async fn finish_job(app: &App, job: JobId) -> Result<(), StoreError> {
    loop {
        let Some(view) = app.store.job(job).await? else { return Ok(()) };
        let shots = view.plain_shots();
        let ended = match view.job.value.clone().finish(&shots, app.clock.now()) {
            Ok(ended) => ended,
            Err(NotFinished::Running | NotFinished::AlreadyDone) => return Ok(()),
        };
        if app.store.finish_job(&ended, view.job.revision).await? == Saved::Yes {
            let Some(ending) = ended.ending() else { return Ok(()) };
            tracing::info!(
                event = "generation_complete",
                job.id = %ended.id,
                job.kind = ended.kind.name(),
                job.status = ?ended.status(&shots),
                job.duration_ms = ending.at.duration_since(ended.created_at).as_millis() as i64,
                job.cost_usd = ending.cost.map(Usd::dollars),
                "job ended"
            );
            return Ok(());
        }
    }
}
