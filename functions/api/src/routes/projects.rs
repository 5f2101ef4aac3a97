//! Projects, their members, and what is related to what in them.

pub(crate) mod create_project;
pub(crate) mod get_project;
pub(crate) mod list_members;
pub(crate) mod list_projects;
pub(crate) mod list_relations;
pub(crate) mod put_member;
pub(crate) mod remove_member;
pub(crate) mod update_project;

use likeness_core::store::MemberChange;

use crate::problem::ApiError;

/// Refuses to take the last owner away: the project could not be managed any more.
fn kept_an_owner(change: MemberChange) -> Result<(), ApiError> {
    match change {
        MemberChange::Made => Ok(()),
        MemberChange::LastOwner => {
            Err(ApiError::Conflict { detail: "this is the last owner, and a project keeps at least one".to_owned() })
        }
    }
}
