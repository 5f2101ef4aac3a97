//! `POST /api/v1/jobs/{job}/cancel`: shots that wait are taken back, and those in flight are called off at fal. The job ends
//! with them; what fal makes all the same is kept.
//!
//! Journey: `tests/it/journeys/cancel.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use likeness_core::steps::cancel::request_cancel;
use likeness_domain::job::{CanceledBy, JobStatus};

use crate::{
    access::{Generate, JobOf},
    app::App,
    headers::{
        idempotency::idempotency,
        once::{Owner, claim},
    },
    problem::ApiError,
    views::job::JobView,
};

pub(crate) async fn cancel_job(
    State(app): State<Arc<App>>,
    JobOf { stored: before, project }: JobOf<Generate>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let id = before.job.value.id;
    let idempotency = idempotency(&headers, &format!("jobs/{id}/cancel"), "")?;
    let once = claim(&app, Owner::Project(&project.id), idempotency.as_ref(), id, app.clock.now()).await?;
    match before.job.value.status(&before.plain_shots()) {
        JobStatus::Queued | JobStatus::Processing => {}
        // The answer to the first call may have been lost.
        JobStatus::Canceled => return Ok((StatusCode::OK, Json(JobView::new(&app, &before).await?))),
        JobStatus::Completed | JobStatus::Partial | JobStatus::Failed if !once.first => {
            return Ok((StatusCode::OK, Json(JobView::new(&app, &before).await?)));
        }
        JobStatus::Completed | JobStatus::Partial | JobStatus::Failed => {
            return Err(ApiError::Conflict { detail: "the job has ended".to_owned() });
        }
    }
    request_cancel(&app.store, &app.acceptor.queues, id, CanceledBy::Caller, app.clock.now()).await?;
    let after = app.store.job(id).await?.ok_or(ApiError::NotFound { what: "job" })?;
    Ok((StatusCode::ACCEPTED, Json(JobView::new(&app, &after).await?)))
}
