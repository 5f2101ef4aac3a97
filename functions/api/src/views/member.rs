//! A member of a project as clients see it.

use likeness_domain::{
    id::UserId,
    project::{Member, Role},
};
use serde::Serialize;

use crate::views::time::Time;

/// A member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberView {
    user_id: UserId,
    role: Role,
    since: Time,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self { user_id: member.user, role: member.role, since: member.since.into() }
    }
}
