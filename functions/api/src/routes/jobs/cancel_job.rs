//! `POST /api/v1/jobs/{job}/cancel`: shots that wait are canceled, and those in flight are canceled at fal. The job
//! ends with them; what fal makes all the same is kept.
//!
//! Journey: `tests/it/journeys/cancel.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use likeness_core::steps::cancel::request_cancel;
use likeness_domain::{
    id::JobId,
    job::{CanceledBy, JobStatus},
};

use crate::{
    access::{Generate, JobOf},
    app::App,
    headers::{
        idempotency::idempotency,
        once::{Owner, claim, earlier},
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
    let (owner, now) = (Owner::Project(&project.id), app.clock.now());
    match before.job.value.status(&before.plain_shots()) {
        JobStatus::Queued | JobStatus::Processing => claim(&app, owner, idempotency.as_ref(), id, now).await?,
        // The answer to the first call may have been lost.
        JobStatus::Canceled => {
            claim(&app, owner, idempotency.as_ref(), id, now).await?;
            return Ok((StatusCode::OK, Json(JobView::new(&app, &before).await?)));
        }
        // It was canceled under this key while it ran, or it is too late.
        JobStatus::Completed | JobStatus::Partial | JobStatus::Failed => {
            return match earlier::<JobId>(&app, owner, idempotency.as_ref(), now).await? {
                Some(_) => Ok((StatusCode::OK, Json(JobView::new(&app, &before).await?))),
                None => Err(ApiError::Conflict { detail: "the job has ended".to_owned() }),
            };
        }
    };
    request_cancel(&app.store, &app.acceptor.queues, id, CanceledBy::Caller, now).await?;
    let after = app.store.job(id).await?.ok_or(ApiError::NotFound { what: "job" })?;
    Ok((StatusCode::ACCEPTED, Json(JobView::new(&app, &after).await?)))
}
