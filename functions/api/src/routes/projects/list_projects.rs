//! `GET /api/v1/projects`: the projects that the caller is a member of, and that its key opens.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::extract::State;

use crate::{
    access::{Key, Read},
    app::App,
    problem::ApiError,
    request::{
        page::{Asked, ListName, Listed, PageQuery},
        query::Query,
    },
    views::project::ProjectView,
};

pub(crate) async fn list_projects(
    State(app): State<Arc<App>>,
    Key { caller, .. }: Key<Read>,
    Query(query): Query<PageQuery>,
) -> Result<Listed<ProjectView>, ApiError> {
    let list = ListName::new("projects", &caller.user);
    let asked = Asked::of(list, query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.store.projects_of(&caller.user, caller.only(), asked.after.as_ref(), asked.limit).await?;
    Ok(asked.answer("projects", page, ProjectView::from))
}
