//! `GET /api/v1/projects/{project}`.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    views::project::ProjectView,
};

pub(crate) async fn get_project(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
) -> Result<Json<ProjectView>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let project = app.store.project(&project).await?.ok_or(ApiError::NotFound { what: "project" })?;
    Ok(Json(project.into()))
}
