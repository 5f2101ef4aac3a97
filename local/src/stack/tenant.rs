//! A project to work in and a key to it, as an administrator would make them.

use std::error::Error;

use jiff::Timestamp;
use likeness_api::{token_hint, token_sha256};
use likeness_core::{
    config::StoreConfig,
    entropy::Entropy,
    id::KeyId,
    project::{ApiKey, Project, Scope},
    store::Store,
};

use super::Stack;

impl Stack {
    /// A project owned by a user of the same name, and `token` as a key of that user with every scope. What is there
    /// already stays.
    ///
    /// # Errors
    /// The name is none, or the table is out of reach.
    pub async fn create_tenant(
        &self,
        name: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let entropy = Entropy::from_os();
        let store = Store::new(StoreConfig::from_env(self.env())?, entropy.clone());
        let project = Project {
            id: name.parse()?,
            name: name.to_owned(),
            owner: name.parse()?,
            created_at: now,
            reroll_budget: None,
            moderation_fallback: false,
        };
        store.create_project(&project).await?;
        let key = ApiKey {
            id: KeyId::new(now, &entropy),
            user: project.owner,
            name: "first key".to_owned(),
            scopes: vec![Scope::Read, Scope::Write, Scope::Generate, Scope::Admin],
            hint: token_hint(token),
            created_at: now,
            expires_at: None,
            revoked_at: None,
        };
        store.create_key(&token_sha256(token), &key).await?;
        Ok(())
    }
}
