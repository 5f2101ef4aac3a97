//! `GET /api/v1/projects/{project}/jobs`: newest first, without their results.
//!
//! Journey: `tests/it/journeys/cancel.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::job::JobStatus;
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::{ApiError, FieldError},
    request::{
        cursor,
        extract::{Path, Query},
    },
    views::job::JobView,
};

#[derive(Debug, Deserialize)]
pub(crate) struct ListJobs {
    status: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// A page of jobs. With a status to look for it holds those of the page that have it: perhaps none, and still more may
/// follow.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobList {
    jobs: Vec<JobView>,
    has_more: bool,
    next_cursor: Option<String>,
}

pub(crate) async fn list_jobs(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    Query(query): Query<ListJobs>,
) -> Result<Json<JobList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let status = query.status()?;
    let list = format!("jobs of {project} {status:?}");
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    // An open job's status is read off its shots, so no index knows it.
    let page = app.store.jobs_of(&project, after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    let jobs = page.items.iter().map(JobView::without_result);
    let jobs = jobs.filter(|job| status.is_none_or(|status| job.status == status)).collect();
    Ok(Json(JobList { jobs, has_more: next_cursor.is_some(), next_cursor }))
}

impl ListJobs {
    fn status(&self) -> Result<Option<JobStatus>, FieldError> {
        let Some(name) = &self.status else { return Ok(None) };
        let status = serde_json::from_value(serde_json::Value::String(name.clone()));
        status.map(Some).map_err(|error| FieldError::query("status", error.to_string()))
    }
}
