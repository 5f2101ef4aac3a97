//! `GET /api/v1/projects/{project}/limits`: the windows on requests in the project, and those of the deployment.
//!
//! Journey: `tests/it/journeys/limits.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    views::limits::ProjectLimitsView,
};

pub(crate) async fn get_limits(
    State(app): State<Arc<App>>,
    project: Project<Read>,
) -> Result<Json<ProjectLimitsView>, ApiError> {
    Ok(Json(ProjectLimitsView::new(&project.settings.limits, app.user_windows)))
}
