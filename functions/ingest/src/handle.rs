//! A batch of wake-up messages, each on its own: one image that cannot be had must not hold up the others.

use std::{error::Error, sync::Arc};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use likeness_core::{clients::queue::IngestWakeUp, steps::run_workflow::run_workflow, telemetry::causes};
use tokio::task::JoinSet;

use crate::{app::App, finish_job::finish_job, store_image::store_image};

/// From this delivery of a message on, an image that cannot be downloaded is given up.
const LAST_TRY: u32 = 4;

/// Attends to a batch; what could not be attended to comes back.
pub async fn handle(app: &Arc<App>, event: SqsEvent) -> SqsBatchResponse {
    let mut tasks = JoinSet::new();
    let mut ids = std::collections::HashMap::new();
    for record in event.records {
        let app = Arc::clone(app);
        let id = record.message_id.clone().unwrap_or_default();
        // A task of its own, so that a panic fails this message alone.
        let task = tasks.spawn(async move { attend(&app, &record).await });
        ids.insert(task.id(), id);
    }
    let mut response = SqsBatchResponse::default();
    while let Some(done) = tasks.join_next_with_id().await {
        let (task, error): (_, Box<dyn Error + Send + Sync>) = match done {
            Ok((_, Ok(()))) => continue,
            Ok((task, Err(error))) => (task, error),
            Err(panic) => (panic.id(), Box::new(panic)),
        };
        let id = ids.remove(&task).unwrap_or_default();
        tracing::error!(sqs.message_id = id, error = causes(error.as_ref()), "wake-up message not handled");
        response.add_failure(id);
    }
    response
}

async fn attend(app: &App, record: &SqsMessage) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (job, read) = match serde_json::from_str(record.body.as_deref().unwrap_or_default())? {
        IngestWakeUp::Job(job) => (job, None),
        IngestWakeUp::Workflow(workflow) => return Ok(run_workflow(&app.acceptor, workflow, app.clock.now()).await?),
        IngestWakeUp::Shot(shot) => match app.store.job_with_shot(shot).await? {
            Some((job, before)) => {
                store_image(app, &job.value, &before, deliveries(record) >= LAST_TRY).await?;
                (shot.job, Some(job))
            }
            None => (shot.job, None),
        },
    };
    Ok(finish_job(app, job, read).await?)
}

/// How often SQS has delivered this message.
fn deliveries(record: &SqsMessage) -> u32 {
    record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}
