//! `GET /api/generate/status/{job}` and `GET /api/generate/{job}`: a job in the few words of the first API.
//!
//! Journey: `tests/it/journeys/generate.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_domain::{id::JobId, job::JobStatus};
use serde::Serialize;

use crate::{
    access::{JobOf, Read},
    app::App,
    headers::etag::tagged,
    problem::ApiError,
    views::{
        job::{ErrorView, JobView},
        result::ResultView,
    },
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GenerationStatus {
    job_id: JobId,
    status: JobStatus,
    progress: u32,
    data: Option<ResultView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
}

pub(crate) async fn generation_status(
    State(app): State<Arc<App>>,
    JobOf { stored, .. }: JobOf<Read>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let JobView { job_id, status, progress, result, error, .. } = JobView::new(&app, &stored).await?;
    tagged(&headers, &GenerationStatus { job_id, status, progress, data: result, error })
}
