//! Projects, who may do what in them, and the keys that callers identify themselves with.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{KeyId, ProjectId, UserId},
    limit::{Budgets, KeyLimits, ProjectLimits},
    money::Usd,
};

/// What images are made for; the boundary that no caller sees across.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its id, chosen by the creator.
    pub id: ProjectId,
    /// A name for people.
    pub name: String,
    /// The user that created it.
    pub owner: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// What a profile may spend on angles that do not match its master, where its request does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reroll_budget: Option<Usd>,
    /// Whether a request that a model's own filter refused goes to its stand-in, whose pictures look otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moderation_fallback: bool,
    /// How much may be asked for in it.
    #[serde(default)]
    pub limits: ProjectLimits,
    /// How much may be spent in it.
    #[serde(default)]
    pub budgets: Budgets,
}

/// What of a project becomes different; `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectChanges {
    /// The name for people.
    pub name: Option<String>,
    /// The budget of its profiles; `Some(None)` takes it away.
    pub reroll_budget: Option<Option<Usd>>,
    /// Whether a stand-in may make what a model's own filter refused.
    pub moderation_fallback: Option<bool>,
    pub limits: Option<ProjectLimits>,
    pub budgets: Option<Budgets>,
}

/// What a member may do in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read everything.
    Viewer,
    /// Also write subjects and generate images.
    Editor,
    /// Also manage members.
    Owner,
}

/// A user's place in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub project: ProjectId,
    pub user: UserId,
    /// With which rights.
    pub role: Role,
    pub since: Timestamp,
}

/// What a key may be used for. The key's scope and the member's role must both allow an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Read,
    /// Create projects, write subjects, manage members.
    Write,
    /// Start work that costs money.
    Generate,
    /// Manage keys of any user.
    Admin,
}

/// An API key as it is stored: the token itself is known only to its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its public name.
    pub id: KeyId,
    /// Whom it identifies.
    pub user: UserId,
    /// A label for people.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// How the token begins and ends, to recognise it in a list.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// How much may be asked for and spent with it.
    #[serde(default)]
    pub limits: KeyLimits,
    /// The only projects that it opens, at least one; `None`: all of its user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<BTreeSet<ProjectId>>,
    /// When it was used; noted once in a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// The token that was good before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<ReplacedToken>,
}

/// A token in whose place another came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedToken {
    /// How it begins and ends.
    pub hint: String,
    /// From when on it is refused; until then both tokens are good.
    pub good_until: Timestamp,
}

impl ApiKey {
    /// Most projects that a key can be limited to: each is read with every request.
    pub const MOST_PROJECTS: usize = 50;

    /// Whether it is neither revoked nor expired at `now`.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
