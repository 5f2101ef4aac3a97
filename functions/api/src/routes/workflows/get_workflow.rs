//! `GET /api/v1/projects/{project}/workflows/{workflow}`.
//!
//! Journey: `tests/it/journeys/workflow.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    routes::workflows::of_project,
    views::workflow::WorkflowView,
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
