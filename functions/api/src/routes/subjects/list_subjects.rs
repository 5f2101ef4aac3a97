//! `GET /api/v1/projects/{project}/subjects`: by id.
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
    views::subject::SubjectView,
};

pub(crate) async fn list_subjects(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Query(query): Query<PageQuery>,
) -> Result<Listed<SubjectView>, ApiError> {
    let list = ListName::new("subjects", &project.id);
    let asked = Asked::of(list, query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.store.subjects(&project.id, asked.after.as_ref(), asked.limit).await?;
    let mut subjects = Vec::with_capacity(page.items.len());
    for subject in page.items {
        subjects.push(SubjectView::new(&app, subject).await?);
    }
    Ok(asked.listed("subjects", subjects, page.next.as_ref()))
}
