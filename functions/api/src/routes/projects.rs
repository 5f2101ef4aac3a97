//! Projects, their members, and what is related to what in them.

pub(crate) mod create_project;
pub(crate) mod get_project;
pub(crate) mod list_members;
pub(crate) mod list_projects;
pub(crate) mod list_relations;
pub(crate) mod put_member;
pub(crate) mod remove_member;
pub(crate) mod update_project;

use likeness_core::{
    id::{ProjectId, UserId},
    project::Role,
};

use crate::{app::App, problem::ApiError};

/// Refuses to take the last owner away: nobody could manage the project any more.
pub(crate) async fn keeps_an_owner(app: &App, project: &ProjectId, leaving: &UserId) -> Result<(), ApiError> {
    let members = app.store.members(project).await?;
    let mut owners = members.iter().filter(|member| member.role == Role::Owner).map(|member| &member.user);
    let others = owners.clone().any(|owner| owner != leaving);
    if owners.any(|owner| owner == leaving) && !others {
        return Err(ApiError::Conflict { detail: "a project keeps at least one owner".to_owned() });
    }
    Ok(())
}
