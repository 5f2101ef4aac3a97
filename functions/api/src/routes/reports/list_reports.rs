//! `GET /api/v1/projects/{project}/reports`: newest first, about one subject where `subjectId` names it.
//!
//! Journey: `tests/it/journeys/verify.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::id::SubjectId;
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::{ApiError, FieldError},
    request::{
        cursor,
        extract::{Path, Query},
    },
    views::report::ListedReport,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListReports {
    subject_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReportList {
    reports: Vec<ListedReport>,
    has_more: bool,
    next_cursor: Option<String>,
}

pub(crate) async fn list_reports(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    Query(query): Query<ListReports>,
) -> Result<Json<ReportList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let subject = query.subject_id.as_deref().map(str::parse::<SubjectId>).transpose();
    let subject = subject.map_err(|error| FieldError::query("subjectId", format!("is {error}")))?;
    let list = format!("reports of {project} {subject:?}");
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    let page = app.store.reports(&project, subject.as_ref(), after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    let reports = page.items.into_iter().map(ListedReport::from).collect();
    Ok(Json(ReportList { reports, has_more: next_cursor.is_some(), next_cursor }))
}
