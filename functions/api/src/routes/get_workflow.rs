//! `GET /api/v1/projects/{project}/workflows/{workflow}`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::{
    id::{ProjectId, WorkflowId},
    store::Versioned,
    workflow::Workflow,
};

use crate::{
    access::{Action, Caller},
    app::App,
    extract::Path,
    problem::ApiError,
    workflow_view::WorkflowView,
};

pub(crate) async fn get_workflow(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, workflow)): Path<(String, String)>,
) -> Result<Json<WorkflowView>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let workflow = of_project(&app, &project, &workflow).await?;
    Ok(Json(WorkflowView::new(&app, &workflow.value).await?))
}

/// The workflow, if it is one of `project`.
pub(super) async fn of_project(app: &App, project: &ProjectId, id: &str) -> Result<Versioned<Workflow>, ApiError> {
    let unknown = || ApiError::NotFound { what: "workflow" };
    let id: WorkflowId = id.parse().map_err(|_| unknown())?;
    let workflow = app.store.workflow(id).await?;
    workflow.filter(|workflow| workflow.value.project == *project).ok_or_else(unknown)
}
