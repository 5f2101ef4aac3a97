//! `POST /api/v1/keys`: an API key. Its token is in this answer and nowhere else.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use likeness_core::store::Idempotency;
use likeness_domain::{
    id::{KeyId, UserId},
    limit::KeyLimits,
    project::{ApiKey, Scope},
};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Admin, Caller, Key},
    app::App,
    headers::{
        idempotency::idempotency,
        once::{Owner, claim},
    },
    problem::ApiError,
    request::{body::JsonBody, errors::Errors},
    token::{derived_token, new_token, token_hint, token_sha256},
    views::key::KeyView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateKey {
    name: String,
    scopes: BTreeSet<Scope>,
    expires_at: Option<String>,
    /// The key's user; the caller when absent.
    user_id: Option<String>,
}

/// A valid request.
struct NewKey {
    name: String,
    scopes: BTreeSet<Scope>,
    expires_at: Option<Timestamp>,
    user: UserId,
}

#[derive(Debug, Serialize)]
struct CreatedKey {
    token: String,
    #[serde(flatten)]
    key: KeyView,
}

pub(crate) async fn create_key(
    State(app): State<Arc<App>>,
    Key { caller, .. }: Key<Admin>,
    headers: HeaderMap,
    body: JsonBody<CreateKey>,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let idempotency = idempotency(&headers, "keys", &format!("{} {}", caller.name(), body.sha256))?;
    let NewKey { name, scopes, expires_at, user } =
        body.valid(|body, errors| body.validated(&caller.user, now, errors))?;
    let token = token(&app, &caller, idempotency.as_ref(), now).await?;
    let key = ApiKey {
        id: KeyId::new(now, &app.rng),
        user,
        name,
        scopes: scopes.into_iter().collect(),
        hint: token_hint(&token),
        created_at: now,
        expires_at,
        revoked_at: None,
        limits: KeyLimits::default(),
    };
    let sha256 = token_sha256(&token);
    let key = if app.store.create_key(&sha256, &key).await? {
        key
    } else {
        // The first call made it.
        let made = app.store.key(&sha256).await?.filter(|_| idempotency.is_some());
        made.ok_or(ApiError::Contended { what: "the key".to_owned() })?
    };
    tracing::info!(event = "key_created", key.id = %key.id, key.made_with = caller.name(), "a key was created");
    Ok((StatusCode::CREATED, Json(CreatedKey { token, key: key.into() })).into_response())
}

/// A fresh token, or that of the first call with this idempotency key. Tokens are not kept: it is made of what both
/// calls hold, and of a salt that is.
async fn token(
    app: &App,
    caller: &Caller,
    idempotency: Option<&Idempotency>,
    now: Timestamp,
) -> Result<String, ApiError> {
    let Some(key) = idempotency else { return Ok(new_token(&app.rng)) };
    let salt = hex::encode(app.rng.bytes::<16>());
    let salt = claim(app, Owner::User(&caller.user), idempotency, salt, now).await?;
    Ok(derived_token(&caller.secret, &salt, &key.key))
}

impl CreateKey {
    fn validated(self, caller: &UserId, now: Timestamp, errors: &mut Errors) -> Option<NewKey> {
        let Self { name, scopes, expires_at, user_id } = self;
        errors.text("/name", &name, 1, 100);
        if scopes.is_empty() {
            errors.add("/scopes", "must have at least one of read, write, generate, admin");
        }
        let expires_at = expires_at.and_then(|text| errors.future("/expiresAt", &text, now));
        let user = match user_id {
            Some(user) => errors.id("/userId", &user),
            None => Some(caller.clone()),
        };
        Some(NewKey { name, scopes, expires_at, user: user? })
    }
}
