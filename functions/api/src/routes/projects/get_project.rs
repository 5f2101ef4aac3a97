//! `GET /api/v1/projects/{project}`.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    views::project::ProjectView,
};

pub(crate) async fn get_project(
    State(app): State<Arc<App>>,
    project: Project<Read>,
) -> Result<Json<ProjectView>, ApiError> {
    let project = app.store.project(&project.id).await?.ok_or(ApiError::NotFound { what: "project" })?;
    Ok(Json(project.into()))
}
