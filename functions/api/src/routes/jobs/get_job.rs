//! `GET /api/v1/jobs/{job}`.
//!
//! Journey: `tests/it/journeys/master.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    access::Caller, app::App, problem::ApiError, request::extract::Path, routes::jobs::readable, views::job::JobView,
};

pub(crate) async fn get_job(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(job): Path<String>,
) -> Result<Json<JobView>, ApiError> {
    let stored = readable(&app, &caller, &job).await?;
    Ok(Json(JobView::new(&app, &stored).await?))
}
