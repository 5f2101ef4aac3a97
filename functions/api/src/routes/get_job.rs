//! `GET /api/v1/jobs/{job}`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::{id::JobId, store::JobView as Stored};

use crate::{
    access::{Action, Caller},
    app::App,
    extract::Path,
    job_view::JobView,
    problem::ApiError,
};

pub(crate) async fn get_job(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(job): Path<String>,
) -> Result<Json<JobView>, ApiError> {
    let stored = readable(&app, &caller, &job).await?;
    Ok(Json(JobView::new(&app, &stored).await?))
}

/// The job, if the caller may read its project.
pub(super) async fn readable(app: &App, caller: &Caller, job: &str) -> Result<Stored, ApiError> {
    reachable(app, caller, Action::Read, job).await
}

/// The job, if the caller may do this in its project. A stranger's job is no job.
pub(super) async fn reachable(app: &App, caller: &Caller, action: Action, job: &str) -> Result<Stored, ApiError> {
    let unknown = || ApiError::NotFound { what: "job" };
    let id: JobId = job.parse().map_err(|_| unknown())?;
    let stored = app.store.job(id).await?.ok_or_else(unknown)?;
    match caller.may(app, action, stored.job.value.project.as_str()).await {
        Ok(_) => Ok(stored),
        Err(ApiError::NotFound { .. }) => Err(unknown()),
        Err(error) => Err(error),
    }
}
