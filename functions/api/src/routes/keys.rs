//! API keys.

pub(crate) mod create_key;
pub(crate) mod list_keys;
pub(crate) mod revoke_key;
pub(crate) mod rotate_key;
pub(crate) mod update_key;

use std::collections::BTreeSet;

use http::HeaderMap;
use jiff::Timestamp;
use likeness_core::store::Idempotency;
use likeness_domain::{
    id::ProjectId,
    limit::KeyLimits,
    project::{ApiKey, Scope},
};
use serde::Deserialize;

use crate::{
    access::Caller,
    app::App,
    headers::{
        idempotency,
        once::{Owner, claim},
    },
    problem::{ApiError, FieldError},
    request::{
        errors::Errors,
        limits::{CapsBody, WindowBody},
    },
    token::{CallerSecret, derived_token, new_token},
};

/// Whose key it is: the caller's unless named.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WhoseKey {
    user_id: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyLimitsBody {
    requests: Option<WindowBody>,
    caps: Option<CapsBody>,
    #[serde(default)]
    without_user_windows: bool,
}

/// Why no key has both.
const ADMIN_IS_EVERYWHERE: &str =
    "a key with the scope admin can make keys for every project, so it cannot be limited to some";

impl Errors {
    fn key_limits(&mut self, body: KeyLimitsBody) -> KeyLimits {
        let KeyLimitsBody { requests, caps, without_user_windows } = body;
        KeyLimits {
            without_user_windows,
            requests: requests.and_then(|window| self.window("/limits/requests", window)),
            caps: self.caps("/limits/caps", caps.unwrap_or_default()),
        }
    }

    /// Not whether they exist: their names are no business of the one who makes a key for another.
    fn key_projects(&mut self, projects: &[String]) -> BTreeSet<ProjectId> {
        if projects.is_empty() || projects.len() > ApiKey::MOST_PROJECTS {
            let most = ApiKey::MOST_PROJECTS;
            self.add("/projects", format!("must name 1 to {most} projects; leave it out for all"));
        }
        let named = projects.iter().take(ApiKey::MOST_PROJECTS).enumerate();
        named.filter_map(|(index, project)| self.id(&format!("/projects/{index}"), project)).collect()
    }

    fn key_scopes(&mut self, scopes: &BTreeSet<Scope>) {
        if scopes.is_empty() {
            self.add("/scopes", "must have at least one of read, write, generate, admin");
        }
    }
}

/// The idempotency key of a request that answers with a token. Tokens are not kept, so it is made again of the token
/// that the caller sent: a repetition has to send the same one.
fn idempotency_of(
    headers: &HeaderMap,
    caller: &Caller,
    route: &str,
    sha256: &str,
) -> Result<Option<Idempotency>, ApiError> {
    let secret = caller.secret.as_ref().map(CallerSecret::name);
    let route = format!("{route} {}", secret.as_deref().unwrap_or_default());
    let key = idempotency::idempotency(headers, &route, sha256)?;
    if key.is_some() && secret.is_none() {
        let detail = "cannot be kept here for a user who signed in; leave it out, or send an API key";
        return Err(FieldError::header("Idempotency-Key", detail).into());
    }
    Ok(key)
}

/// A fresh token, or that of the first call with this idempotency key. It is made of what both calls hold, and of a salt
/// that is kept.
async fn token(
    app: &App,
    caller: &Caller,
    idempotency: Option<&Idempotency>,
    now: Timestamp,
) -> Result<String, ApiError> {
    let (Some(key), Some(secret)) = (idempotency, &caller.secret) else { return Ok(new_token(&app.rng)) };
    let salt = hex::encode(app.rng.bytes::<16>());
    let salt = claim(app, Owner::User(&caller.user), idempotency, salt, now).await?;
    Ok(derived_token(secret, &salt, &key.key))
}
