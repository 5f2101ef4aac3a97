//! `GET /api/v1/projects/{project}/people`: by id.
//!
//! Journey: `tests/it/journeys/hostile/cursors.rs`.

use std::sync::Arc;

use axum::extract::State;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::{
        page::{Asked, ListName, Listed, PageQuery},
        query::Query,
    },
    views::person::PersonView,
};

pub(crate) async fn list_people(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Query(query): Query<PageQuery>,
) -> Result<Listed<PersonView>, ApiError> {
    let list = ListName::new("people", &project.id);
    let asked = Asked::of(list, query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.store.people(&project.id, asked.after.as_ref(), asked.limit).await?;
    Ok(asked.answer("people", page, PersonView::from))
}
