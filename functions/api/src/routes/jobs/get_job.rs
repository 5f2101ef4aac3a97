//! `GET /api/v1/jobs/{job}`.
//!
//! Journey: `tests/it/journeys/master.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    access::{JobOf, Read},
    app::App,
    problem::ApiError,
    views::job::JobView,
};

pub(crate) async fn get_job(
    State(app): State<Arc<App>>,
    JobOf { stored, .. }: JobOf<Read>,
) -> Result<Json<JobView>, ApiError> {
    Ok(Json(JobView::new(&app, &stored).await?))
}
