//! `DELETE /api/v1/projects/{project}/members/{user}`. Removing somebody who is no member has the same answer.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use likeness_core::{
    id::{ProjectId, UserId},
    project::Role,
};

use crate::{
    access::{Action, Caller},
    app::App,
    extract::Path,
    problem::ApiError,
};

pub(crate) async fn remove_member(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, user)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let project = caller.may(&app, Action::ManageMembers, &project).await?;
    let user: UserId = user.parse().map_err(|_| ApiError::NotFound { what: "user" })?;
    keeps_an_owner(&app, &project, &user).await?;
    app.store.remove_member(&project, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses to take the last owner away: nobody could manage the project any more.
pub(super) async fn keeps_an_owner(app: &App, project: &ProjectId, leaving: &UserId) -> Result<(), ApiError> {
    let members = app.store.members(project).await?;
    let mut owners = members.iter().filter(|member| member.role == Role::Owner).map(|member| &member.user);
    let others = owners.clone().any(|owner| owner != leaving);
    if owners.any(|owner| owner == leaving) && !others {
        return Err(ApiError::Conflict { detail: "a project keeps at least one owner".to_owned() });
    }
    Ok(())
}
