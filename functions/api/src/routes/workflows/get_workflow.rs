//! `GET /api/v1/projects/{project}/workflows/{workflow}`.
//!
//! Journey: `tests/it/journeys/workflow.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_domain::id::WorkflowId;

use crate::{
    access::{Project, Read},
    app::App,
    headers::etag::tagged,
    problem::ApiError,
    request::path::Named,
    routes::workflows::of_project,
    views::workflow::WorkflowView,
};

pub(crate) async fn get_workflow(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Named(id): Named<WorkflowId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let workflow = of_project(&app, &project.id, id).await?;
    tagged(&headers, &WorkflowView::new(&app, &workflow.value).await?)
}
