//! `GET /api/v1/projects/{project}/people`: by id.
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
    views::person::PersonView,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonList {
    people: Vec<PersonView>,
    has_more: bool,
    next_cursor: Option<String>,
}

pub(crate) async fn list_people(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PersonList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let list = format!("people of {project}");
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    let page = app.store.people(&project, after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    let people = page.items.into_iter().map(PersonView::from).collect();
    Ok(Json(PersonList { people, has_more: next_cursor.is_some(), next_cursor }))
}
