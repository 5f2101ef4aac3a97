//! `GET /api/v1/projects/{project}/reports`: newest first, about one subject where `subjectId` names it.
//!
//! Journey: `tests/it/journeys/verify.rs`.

use std::sync::Arc;

use axum::extract::State;
use likeness_domain::id::SubjectId;
use serde::Deserialize;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::{
        page::{Asked, ListName, Listed},
        query::{Query, filter},
    },
    views::report::ListedReport,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListReports {
    subject_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(crate) async fn list_reports(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Query(query): Query<ListReports>,
) -> Result<Listed<ListedReport>, ApiError> {
    let subject: Option<SubjectId> = filter("subjectId", query.subject_id.as_deref())?;
    let list = ListName::new("reports", &project.id).where_is("subjectId", subject.as_ref());
    let asked = Asked::of(list, query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.store.reports(&project.id, subject.as_ref(), asked.after.as_ref(), asked.limit).await?;
    Ok(asked.answer("reports", page, ListedReport::from))
}
