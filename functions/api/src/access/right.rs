//! What a route does, as types: each says which scope a key needs for it, and which role a member.

use likeness_domain::project::{Role, Scope};

/// Something that a key can be good for.
pub(crate) trait Right: Send + Sync + 'static {
    /// The scope that a key needs.
    const SCOPE: Scope;
    /// The same for people.
    const KEY: &'static str;
}

/// Something that a member of a project may do there.
pub(crate) trait Permission: Right {
    /// The least role that may.
    const ROLE: Role;
    /// The same for people.
    const MEMBER: &'static str;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident: $scope:ident $key:literal $(, $role:ident $member:literal)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Right for $name {
            const SCOPE: Scope = Scope::$scope;
            const KEY: &'static str = concat!("a key with the scope `", $key, "`");
        }
        $(impl Permission for $name {
            const ROLE: Role = Role::$role;
            const MEMBER: &'static str = $member;
        })?
    )*};
}

rights! {
    /// See what is there.
    Read: Read "read", Viewer "a member of the project";
    /// Change what is there without generating anything.
    Write: Write "write", Editor "an editor or owner of the project";
    /// Spend money at the provider.
    Generate: Generate "generate", Editor "an editor or owner of the project";
    /// Add and remove members of a project.
    ManageMembers: Write "write", Owner "an owner of the project";
    /// Change what holds for the whole project.
    Configure: Write "write", Owner "an owner of the project";
    /// Manage the keys of any user, and the queues of the deployment.
    Admin: Admin "admin";
}
