//! `PUT /api/v1/projects/{project}/members/{user}`: a collaborator, or another role for one.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::{
    id::UserId,
    project::{Member, Role},
};
use serde::Deserialize;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, extract::Path},
    routes::projects::keeps_an_owner,
    views::member::MemberView,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutMember {
    role: Role,
}

pub(crate) async fn put_member(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, user)): Path<(String, String)>,
    body: JsonBody<PutMember>,
) -> Result<Json<MemberView>, ApiError> {
    let project = caller.may(&app, Action::ManageMembers, &project).await?;
    let user: UserId = user.parse().map_err(|_| ApiError::NotFound { what: "user" })?;
    let role = body.value.role;
    if role != Role::Owner {
        keeps_an_owner(&app, &project, &user).await?;
    }
    let member = Member { project, user, role, since: app.clock.now() };
    app.store.put_member(member.clone()).await?;
    Ok(Json(member.into()))
}
