//! Jobs in a chain.

pub(crate) mod cancel_workflow;
pub(crate) mod create_workflow;
pub(crate) mod get_workflow;
pub(crate) mod list_workflows;
pub(crate) mod steps;

use std::time::Duration;

use likeness_core::{
    clients::queue::IngestWakeUp, steps::run_workflow::run_workflow_by, store::Versioned, telemetry::causes,
};
use likeness_domain::{
    id::{ProjectId, WorkflowId},
    workflow::{Workflow, WorkflowState},
};
use tokio::time::{Instant, sleep_until};

use crate::{app::App, problem::ApiError};

/// Most steps that are begun while the caller waits; ingest begins the rest.
const BEGUN_AT_ONCE: usize = 4;

/// Takes the workflow some steps further, and leaves the rest to ingest.
pub(crate) async fn go_on(app: &App, workflow: WorkflowId) {
    if let Err(error) = run_workflow_by(&app.acceptor, workflow, BEGUN_AT_ONCE, app.clock.now()).await {
        tracing::warn!(workflow.id = %workflow, error = causes(&error), "left to ingest");
        app.acceptor.queues.wake_ingest(IngestWakeUp::Workflow(workflow)).await;
    }
}

/// The workflow, if it is one of `project`.
pub(crate) async fn of_project(
    app: &App,
    project: &ProjectId,
    id: WorkflowId,
) -> Result<Versioned<Workflow>, ApiError> {
    let workflow = app.store.workflow(id).await?.filter(|workflow| workflow.value.project == *project);
    workflow.ok_or(ApiError::NotFound { what: "workflow" })
}

/// Reads the workflow until it has ended or the time is up; more seldom the longer it takes.
async fn wait_for(app: &App, project: &ProjectId, id: WorkflowId, wait: Duration) -> Result<Workflow, ApiError> {
    let end = Instant::now() + wait;
    let mut pause = Duration::from_millis(100);
    loop {
        let workflow = of_project(app, project, id).await?.value;
        if has_ended(&workflow) || Instant::now() >= end {
            return Ok(workflow);
        }
        sleep_until(end.min(Instant::now() + pause)).await;
        pause = (pause * 5 / 4).min(Duration::from_secs(1));
    }
}

fn has_ended(workflow: &Workflow) -> bool {
    match workflow.state {
        WorkflowState::Ended { .. } => true,
        WorkflowState::Open { .. } => false,
    }
}
