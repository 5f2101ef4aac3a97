//! `GET /api/v1/projects/{project}/members`.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use likeness_core::{
    id::UserId,
    project::{Member, Role},
};
use serde::Serialize;

use crate::{
    access::{Action, Caller},
    app::App,
    extract::Path,
    problem::ApiError,
};

/// A member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberView {
    user_id: UserId,
    role: Role,
    since: Timestamp,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self { user_id: member.user, role: member.role, since: member.since }
    }
}

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
