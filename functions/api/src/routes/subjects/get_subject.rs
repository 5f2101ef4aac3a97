//! `GET /api/v1/projects/{project}/subjects/{subject}`.
//!
//! Journey: `tests/it/journeys/master.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::id::SubjectId;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::path::Named,
    views::subject::SubjectView,
};

pub(crate) async fn get_subject(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Named(id): Named<SubjectId>,
) -> Result<Json<SubjectView>, ApiError> {
    let subject = app.store.subject(&project.id, &id).await?.ok_or(ApiError::NotFound { what: "subject" })?;
    Ok(Json(SubjectView::new(&app, subject.value).await?))
}
