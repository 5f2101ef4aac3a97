//! A project to work in and a key to it, as an administrator would make them.

use jiff::Timestamp;
use likeness_api::{token_hint, token_sha256};
use likeness_core::{
    config::{ConfigError, Env, StoreConfig},
    store::{Store, StoreError},
};
use likeness_domain::{
    id::KeyId,
    limit::{Budgets, KeyLimits, ProjectLimits},
    project::{ApiKey, Project, Scope},
    rng::Rng,
};

use super::Stack;

/// A project owned by a user of the same name, and a key of that user with every scope.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The id of project and user.
    pub name: String,
    pub token: String,
}

/// Why a project could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The name is no id.
    #[error("the project's name cannot be used: {0}")]
    Name(String),
    /// The table is not named in the environment.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The table refused, or is out of reach.
    #[error("the first project could not be made")]
    Store(#[from] StoreError),
}

impl Tenant {
    /// Makes what is not there yet.
    pub(crate) async fn create(self, env: &Env, now: Timestamp) -> Result<(), TenantError> {
        let Self { name, token } = self;
        let rng = Rng::from_os();
        let store = Store::new(StoreConfig::from_env(env)?, rng.clone());
        let project = Project {
            id: name.parse().map_err(|error| TenantError::Name(format!("{error}")))?,
            owner: name.parse().map_err(|error| TenantError::Name(format!("{error}")))?,
            name,
            created_at: now,
            reroll_budget: None,
            moderation_fallback: false,
            limits: ProjectLimits::default(),
            budgets: Budgets::default(),
        };
        store.create_project(&project).await?;
        let key = ApiKey {
            id: KeyId::new(now, &rng),
            user: project.owner,
            name: "first key".to_owned(),
            scopes: vec![Scope::Read, Scope::Write, Scope::Generate, Scope::Admin],
            hint: token_hint(&token),
            created_at: now,
            expires_at: None,
            revoked_at: None,
            // The first user of a deployment tries it out.
            limits: KeyLimits { without_user_windows: true, ..KeyLimits::default() },
            projects: None,
            last_used_at: None,
            replaced: None,
        };
        store.create_key(&token_sha256(&token), &key).await?;
        Ok(())
    }
}

impl Stack {
    /// Makes `name` and a key with `token` in a stack that runs. What is there already stays.
    ///
    /// # Errors
    /// The name is none, or the table is out of reach.
    pub async fn create_tenant(&self, name: &str, token: &str, now: Timestamp) -> Result<(), TenantError> {
        Tenant { name: name.to_owned(), token: token.to_owned() }.create(self.env(), now).await
    }
}
