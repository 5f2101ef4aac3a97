//! `GET /api/v1/projects/{project}/subjects`: by id.
//!
//! Journey: `tests/it/journeys/hostile/cursors.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{
        cursor::{self, PageQuery},
        extract::{Path, Query},
    },
    views::subject::SubjectView,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubjectList {
    subjects: Vec<SubjectView>,
    has_more: bool,
    next_cursor: Option<String>,
}

pub(crate) async fn list_subjects(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<SubjectList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let list = format!("subjects of {project}");
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    let page = app.store.subjects(&project, after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    let mut subjects = Vec::with_capacity(page.items.len());
    for subject in page.items {
        subjects.push(SubjectView::new(&app, subject).await?);
    }
    Ok(Json(SubjectList { subjects, has_more: next_cursor.is_some(), next_cursor }))
}
