//! `POST /api/v1/jobs/{job}/cancel`: shots that wait are taken back, and those in flight are called off at fal. The job ends
//! with them; what fal makes all the same is kept.
//!
//! Journey: `tests/it/journeys/cancel.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use likeness_core::{
    job::{JobStatus, TakenBack},
    take_back::take_back,
};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    routes::jobs::reachable,
    views::job::JobView,
};

pub(crate) async fn cancel_job(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(job): Path<String>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let before = reachable(&app, &caller, Action::Generate, &job).await?;
    match before.job.value.status(&before.plain_shots()) {
        JobStatus::Queued | JobStatus::Processing => {}
        // Who repeats a call whose answer was lost has got what they want.
        JobStatus::Canceled => return Ok((StatusCode::OK, Json(JobView::new(&app, &before).await?))),
        JobStatus::Completed | JobStatus::Partial | JobStatus::Failed => {
            return Err(ApiError::Conflict { detail: "the job has ended".to_owned() });
        }
    }
    let id = before.job.value.id;
    take_back(&app.store, &app.acceptor.queues, id, TakenBack::Caller, app.clock.now()).await?;
    let after = app.store.job(id).await?.ok_or(ApiError::NotFound { what: "job" })?;
    Ok((StatusCode::ACCEPTED, Json(JobView::new(&app, &after).await?)))
}
