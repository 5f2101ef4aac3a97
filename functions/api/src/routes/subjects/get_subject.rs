//! `GET /api/v1/projects/{project}/subjects/{subject}`.
//!
//! Journey: `tests/it/journeys/master.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::id::SubjectId;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    views::subject::SubjectView,
};

pub(crate) async fn get_subject(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, subject)): Path<(String, String)>,
) -> Result<Json<SubjectView>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let unknown = || ApiError::NotFound { what: "subject" };
    let id: SubjectId = subject.parse().map_err(|_| unknown())?;
    let subject = app.store.subject(&project, &id).await?.ok_or_else(unknown)?;
    Ok(Json(SubjectView::new(&app, subject.value).await?))
}
