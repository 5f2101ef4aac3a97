//! `GET /api/v1/projects/{project}/members`.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    views::member::MemberView,
};

#[derive(Debug, Serialize)]
pub(crate) struct MemberList {
    members: Vec<MemberView>,
}

pub(crate) async fn list_members(
    State(app): State<Arc<App>>,
    project: Project<Read>,
) -> Result<Json<MemberList>, ApiError> {
    let members = app.store.members(&project.id).await?.into_iter().map(MemberView::from).collect();
    Ok(Json(MemberList { members }))
}
