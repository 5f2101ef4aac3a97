//! Accepted requests: to be read, canceled, retried.

pub(crate) mod cancel_job;
pub(crate) mod get_job;
pub(crate) mod list_jobs;
pub(crate) mod regenerate_shot;
pub(crate) mod retry_job;

use likeness_core::{id::JobId, store::JobView as Stored};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
};

/// The job, if the caller may read its project.
pub(crate) async fn readable(app: &App, caller: &Caller, job: &str) -> Result<Stored, ApiError> {
    reachable(app, caller, Action::Read, job).await
}

/// The job, if the caller may do this in its project. A stranger's job is no job.
pub(crate) async fn reachable(app: &App, caller: &Caller, action: Action, job: &str) -> Result<Stored, ApiError> {
    let unknown = || ApiError::NotFound { what: "job" };
    let id: JobId = job.parse().map_err(|_| unknown())?;
    let stored = app.store.job(id).await?.ok_or_else(unknown)?;
    match caller.may(app, action, stored.job.value.project.as_str()).await {
        Ok(_) => Ok(stored),
        Err(ApiError::NotFound { .. }) => Err(unknown()),
        Err(error) => Err(error),
    }
}
