//! `PUT /api/v1/projects/{project}/members/{user}`: a collaborator, or another role for one.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::{
    id::UserId,
    project::{Member, Role},
};
use serde::Deserialize;

use crate::{
    access::{ManageMembers, Project},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, path::Named},
    routes::projects::kept_an_owner,
    views::member::MemberView,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutMember {
    role: Role,
}

pub(crate) async fn put_member(
    State(app): State<Arc<App>>,
    project: Project<ManageMembers>,
    Named(user): Named<UserId>,
    body: JsonBody<PutMember>,
) -> Result<Json<MemberView>, ApiError> {
    let role = body.valid(|body, _| Some(body.role))?;
    let member = Member { project: project.id, user, role, since: app.clock.now() };
    kept_an_owner(app.store.put_member(member.clone()).await?)?;
    Ok(Json(member.into()))
}
