//! A batch of wake-up messages. All of them come down to one question, asked once: what can be submitted now?

use std::{error::Error, sync::Arc};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::future::join_all;
use likeness_core::{
    clients::queue::LaneWakeUp,
    steps::cancel::cancel_if_unwanted,
    steps::cancel_at_provider::cancel_job_at_provider,
    steps::deadline::at_deadline,
    steps::poll_provider::poll_provider,
    store::{StoreError, Versioned},
    telemetry::causes,
};
use likeness_domain::{
    id::JobId,
    shot::{Shot, ShotState},
};

use crate::{admit::admit, app::App};

/// Attends to a batch; what could not be attended to comes back.
pub async fn handle(app: &Arc<App>, event: SqsEvent) -> SqsBatchResponse {
    let (mut waiting, mut hinted, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    // Together, as a poll may take as long as fal lets it.
    let attended = event.records.into_iter().map(async |record| {
        let attended = attend(app, record.body.as_deref().unwrap_or_default()).await;
        (record.message_id.unwrap_or_default(), attended)
    });
    for (id, attended) in join_all(attended).await {
        match attended {
            Ok(Attended::ForAdmission(shots)) => {
                waiting.extend(shots);
                hinted.push(id);
            }
            Ok(Attended::Done) => {}
            Err(error) => {
                tracing::error!(sqs.message_id = id, error = causes(error.as_ref()), "wake-up message not handled");
                failed.push(id);
            }
        }
    }
    if let Err(error) = admit(app, waiting).await {
        tracing::error!(error = causes(&error), "admission stopped");
        failed.extend(hinted);
    }
    let mut response = SqsBatchResponse::default();
    for id in failed {
        response.add_failure(id);
    }
    response
}

/// What a wake-up message still needs.
enum Attended {
    /// That admission goes well, which should know of these shots.
    ForAdmission(Vec<Versioned<Shot>>),
    /// Nothing: if it came again it would be done again.
    Done,
}

/// Does what is special to one message.
async fn attend(app: &App, body: &str) -> Result<Attended, Box<dyn Error + Send + Sync>> {
    match serde_json::from_str(body)? {
        LaneWakeUp::Room => Ok(Attended::ForAdmission(Vec::new())),
        LaneWakeUp::Job(job) => Ok(Attended::ForAdmission(waiting_shots(app, job).await?)),
        LaneWakeUp::PollProvider(shot) => {
            poll_provider(&app.recorder, &app.fal, shot, app.clock.now()).await?;
            Ok(Attended::Done)
        }
        LaneWakeUp::CancelAtProvider(job) => {
            cancel_job_at_provider(&app.recorder, &app.fal, job, app.clock.now()).await?;
            Ok(Attended::Done)
        }
        LaneWakeUp::Deadline(job) => {
            at_deadline(&app.recorder.store, &app.recorder.queues, job, app.clock.now()).await?;
            Ok(Attended::Done)
        }
    }
}

/// The shots of `job` that wait, also those whose pause after a failed attempt ends now; those of a job that was taken
/// back are not sent again.
async fn waiting_shots(app: &App, job: JobId) -> Result<Vec<Versioned<Shot>>, StoreError> {
    let (store, now) = (&app.recorder.store, app.clock.now());
    let view = store.change_shots_of(job, |job, shot| {
        let wanted = !job.is_cancel_requested() && !job.is_out_of_time(now);
        shot.clone().ready(now).ok().filter(|_| wanted)
    });
    let Some(view) = view.await? else { return Ok(Vec::new()) };
    if cancel_if_unwanted(store, &app.recorder.queues, &view.job.value, now).await? {
        return Ok(Vec::new());
    }
    let waits = |shot: &Versioned<Shot>| shot.value.state == ShotState::Waiting { not_before: None };
    Ok(view.shots.into_iter().filter(waits).collect())
}
