//! `GET /api/v1/projects`: the projects that the caller is a member of.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::project::Scope;
use serde::Serialize;

use crate::{
    access::Caller,
    app::App,
    problem::ApiError,
    request::{
        cursor::{self, PageQuery},
        extract::Query,
    },
    views::project::ProjectView,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectList {
    projects: Vec<ProjectView>,
    has_more: bool,
    next_cursor: Option<String>,
}

pub(crate) async fn list_projects(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<ProjectList>, ApiError> {
    caller.has_scope(Scope::Read, "a key with the scope `read`")?;
    let list = format!("projects of {}", caller.user);
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    let page = app.store.projects_of(&caller.user, after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    let projects = page.items.into_iter().map(ProjectView::from).collect();
    Ok(Json(ProjectList { projects, has_more: next_cursor.is_some(), next_cursor }))
}
