//! `GET /api/v1/jobs/{job}`: whole, or the fields that `fields` names. Polls that bring nothing new are short: see `ETag`.
//!
//! Journey: `tests/it/journeys/callers/polls.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    access::{JobOf, Read},
    app::App,
    headers::etag::tagged,
    problem::{ApiError, FieldError},
    request::query::Query,
    views::job::JobView,
};

/// The fields of a job that a caller can choose from.
const FIELDS: [&str; 21] = [
    "jobId",
    "projectId",
    "type",
    "status",
    "progress",
    "createdBy",
    "createdAt",
    "completedAt",
    "deadline",
    "retriedAt",
    "cost",
    "ignoredParameters",
    "shots",
    "error",
    "result",
    "needsReview",
    "reportId",
    "workflowId",
    "metadata",
    "links",
    "waitsFor",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chosen {
    /// Names, with commas between.
    fields: Option<String>,
}

pub(crate) async fn get_job(
    State(app): State<Arc<App>>,
    JobOf { stored, .. }: JobOf<Read>,
    Query(query): Query<Chosen>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(fields) = query.fields.as_deref() else { return tagged(&headers, &JobView::new(&app, &stored).await?) };
    let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
    if let Some(unknown) = fields.iter().find(|field| !FIELDS.contains(field)) {
        let detail = format!("\"{unknown}\" is not a field of a job; known are {}", FIELDS.join(", "));
        return Err(FieldError::query("fields", detail).into());
    }
    // A result takes as many reads as it has images, and what a job waits for is read beside it.
    let whole = fields.contains(&"result") || fields.contains(&"waitsFor");
    let view = if whole { JobView::new(&app, &stored).await? } else { JobView::without_result(&stored) };
    let mut view = serde_json::to_value(view).map_err(|error| ApiError::Internal(Box::new(error)))?;
    if let Value::Object(members) = &mut view {
        members.retain(|name, _| fields.contains(&name.as_str()));
    }
    tagged(&headers, &view)
}
