//! `likeness create-key`: the first key of a deployment, written straight into its table with your AWS credentials.

use std::error::Error;

use clap::Args;
use likeness_api::{new_token, token_hint, token_sha256};
use likeness_core::{
    config::{Env, StoreConfig},
    store::Store,
};
use likeness_domain::{
    clock::Clock,
    id::{KeyId, UserId},
    limit::KeyLimits,
    project::{ApiKey, Scope},
    rng::Rng,
};

#[derive(Debug, Args)]
pub(super) struct CreateKey {
    /// Whom the key identifies.
    #[arg(long)]
    user: UserId,
    /// What it may be used for.
    #[arg(long, value_delimiter = ',', value_parser = scope, default_value = "read,write,generate,admin")]
    scopes: Vec<Scope>,
    /// A label for people.
    #[arg(long, default_value = "created by hand")]
    name: String,
    /// Its requests do not count in the windows of its user (`MAX_USER_REQUESTS`, `MAX_USER_PROFILES`).
    #[arg(long)]
    without_user_windows: bool,
}

impl CreateKey {
    pub(super) async fn run(self, env: &Env) -> Result<(), Box<dyn Error + Send + Sync>> {
        let rng = Rng::from_os();
        let store = Store::new(StoreConfig::from_env(env)?, rng.clone());
        let (now, token) = (Clock::system().now(), new_token(&rng));
        let key = ApiKey {
            id: KeyId::new(now, &rng),
            user: self.user,
            name: self.name,
            scopes: self.scopes,
            hint: token_hint(&token),
            created_at: now,
            expires_at: None,
            revoked_at: None,
            limits: KeyLimits { without_user_windows: self.without_user_windows, ..KeyLimits::default() },
            projects: None,
            last_used_at: None,
            replaced: None,
        };
        if !store.create_key(&token_sha256(&token), &key).await? {
            return Err("the token exists already; try again".into());
        }
        println!("{token}");
        Ok(())
    }
}

fn scope(name: &str) -> Result<Scope, String> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|error| error.to_string())
}
