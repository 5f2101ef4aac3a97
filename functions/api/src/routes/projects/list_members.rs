//! `GET /api/v1/projects/{project}/members`.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    views::member::MemberView,
};

#[derive(Debug, Serialize)]
pub(crate) struct MemberList {
    members: Vec<MemberView>,
}

pub(crate) async fn list_members(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
) -> Result<Json<MemberList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let members = app.store.members(&project).await?.into_iter().map(MemberView::from).collect();
    Ok(Json(MemberList { members }))
}
