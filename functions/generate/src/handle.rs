//! A batch of hints. All of them come down to one question, asked once: what can be submitted now?

use std::{error::Error, sync::Arc};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::future::join_all;
use likeness_core::{
    call_off::call_off_job, deadline::at_deadline, id::JobId, look_up::look_up, queue::LaneHint, store::StoreError,
    take_back::take_back_unwanted, telemetry::causes,
};

use crate::{admit::admit, app::App};

/// Attends to a batch; what could not be attended to comes back.
pub async fn handle(app: &Arc<App>, event: SqsEvent) -> SqsBatchResponse {
    let (mut jobs, mut hinted, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    // Together, as a look-up may take as long as fal lets it.
    let attended = event.records.into_iter().map(async |record| {
        let attended = attend(app, record.body.as_deref().unwrap_or_default()).await;
        (record.message_id.unwrap_or_default(), attended)
    });
    for (id, attended) in join_all(attended).await {
        match attended {
            Ok(Attended::ForAdmission(job)) => {
                jobs.extend(job);
                hinted.push(id);
            }
            Ok(Attended::Done) => {}
            Err(error) => {
                tracing::error!(sqs.message_id = id, error = causes(error.as_ref()), "hint not attended to");
                failed.push(id);
            }
        }
    }
    if let Err(error) = admit(app, &jobs).await {
        tracing::error!(error = causes(&error), "admission stopped");
        failed.extend(hinted);
    }
    let mut response = SqsBatchResponse::default();
    for id in failed {
        response.add_failure(id);
    }
    response
}

/// What a hint still needs.
enum Attended {
    /// That admission goes well, which should know of this job's shots.
    ForAdmission(Option<JobId>),
    /// Nothing: if it came again it would be done again.
    Done,
}

/// Does what is special to one hint.
async fn attend(app: &App, body: &str) -> Result<Attended, Box<dyn Error + Send + Sync>> {
    match serde_json::from_str(body)? {
        LaneHint::Room => Ok(Attended::ForAdmission(None)),
        LaneHint::Job(job) => {
            end_pauses(app, job).await?;
            Ok(Attended::ForAdmission(Some(job)))
        }
        LaneHint::LookUp(shot) => {
            look_up(&app.recorder, &app.fal, shot, app.clock.now()).await?;
            Ok(Attended::Done)
        }
        LaneHint::CallOff(job) => {
            call_off_job(&app.recorder, &app.fal, job, app.clock.now()).await?;
            Ok(Attended::Done)
        }
        LaneHint::Deadline(job) => {
            at_deadline(&app.recorder.store, &app.recorder.queues, job, app.clock.now()).await?;
            Ok(Attended::Done)
        }
    }
}

/// Puts shots whose pause after a failed attempt is over back among those that admission sees; those of a job that was
/// taken back are not sent again.
async fn end_pauses(app: &App, job: JobId) -> Result<(), StoreError> {
    if take_back_unwanted(&app.recorder.store, &app.recorder.queues, job, app.clock.now()).await? {
        return Ok(());
    }
    let Some(view) = app.recorder.store.job(job).await? else { return Ok(()) };
    for shot in view.shots {
        if let Ok(ready) = shot.value.clone().ready(app.clock.now()) {
            // Whoever was faster has put it further on.
            let _ = app.recorder.store.save_shot(&shot, &ready).await?;
        }
    }
    Ok(())
}
