//! Jobs in a chain.

pub(crate) mod cancel_workflow;
pub(crate) mod create_workflow;
pub(crate) mod get_workflow;
pub(crate) mod list_workflows;
pub(crate) mod steps;

use likeness_core::{
    advance::advance_by,
    id::{ProjectId, WorkflowId},
    queue::IngestHint,
    store::Versioned,
    telemetry::causes,
    workflow::Workflow,
};

use crate::{app::App, problem::ApiError};

/// Most steps that are begun while the caller waits; ingest begins the rest.
const BEGUN_AT_ONCE: usize = 4;

/// Takes the workflow some steps further, and leaves the rest to ingest.
pub(crate) async fn go_on(app: &App, workflow: WorkflowId) {
    if let Err(error) = advance_by(&app.acceptor, workflow, BEGUN_AT_ONCE, app.clock.now()).await {
        tracing::warn!(workflow.id = %workflow, error = causes(&error), "left to ingest");
        app.acceptor.queues.hint_ingest(IngestHint::Workflow(workflow)).await;
    }
}

/// The workflow, if it is one of `project`.
pub(crate) async fn of_project(app: &App, project: &ProjectId, id: &str) -> Result<Versioned<Workflow>, ApiError> {
    let unknown = || ApiError::NotFound { what: "workflow" };
    let id: WorkflowId = id.parse().map_err(|_| unknown())?;
    let workflow = app.store.workflow(id).await?;
    workflow.filter(|workflow| workflow.value.project == *project).ok_or_else(unknown)
}
