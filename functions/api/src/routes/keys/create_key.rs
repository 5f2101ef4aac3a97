//! `POST /api/v1/keys`: an API key. Its token is in this answer and nowhere else.
//!
//! Journeys: `tests/it/journeys/access.rs`, `tests/it/journeys/keys.rs`.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use likeness_domain::{
    id::{KeyId, ProjectId, UserId},
    limit::KeyLimits,
    project::{ApiKey, Scope},
};
use serde::Deserialize;

use super::{ADMIN_IS_EVERYWHERE, KeyLimitsBody, idempotency_of, token};
use crate::{
    access::{Admin, Key},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, errors::Errors},
    token::{token_hint, token_sha256},
    views::key::TokenView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateKey {
    name: String,
    scopes: BTreeSet<Scope>,
    expires_at: Option<String>,
    /// The key's user; the caller when absent.
    user_id: Option<String>,
    limits: Option<KeyLimitsBody>,
    /// All of the user's when absent.
    projects: Option<Vec<String>>,
}

/// A valid request.
struct NewKey {
    name: String,
    scopes: BTreeSet<Scope>,
    expires_at: Option<Timestamp>,
    user: UserId,
    limits: KeyLimits,
    projects: Option<BTreeSet<ProjectId>>,
}

pub(crate) async fn create_key(
    State(app): State<Arc<App>>,
    Key { caller, .. }: Key<Admin>,
    headers: HeaderMap,
    body: JsonBody<CreateKey>,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let idempotency = idempotency_of(&headers, &caller, &format!("keys {}", caller.name()), &body.sha256)?;
    let NewKey { name, scopes, expires_at, user, limits, projects } =
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
        limits,
        projects,
        last_used_at: None,
        replaced: None,
    };
    let sha256 = token_sha256(&token);
    let key = if app.store.create_key(&sha256, &key).await? {
        key
    } else {
        // The first call made it.
        let made = app.store.key(&sha256, now).await?.filter(|_| idempotency.is_some());
        made.ok_or_else(|| ApiError::Conflict { detail: "the key has another token since".to_owned() })?
    };
    tracing::info!(event = "key_created", key.id = %key.id, key.made_with = caller.name(), "a key was created");
    Ok((StatusCode::CREATED, Json(TokenView { token, key: key.into() })).into_response())
}

impl CreateKey {
    fn validated(self, caller: &UserId, now: Timestamp, errors: &mut Errors) -> Option<NewKey> {
        let Self { name, scopes, expires_at, user_id, limits, projects } = self;
        errors.text("/name", &name, 1, 100);
        errors.key_scopes(&scopes);
        let expires_at = expires_at.and_then(|text| errors.future("/expiresAt", &text, now));
        let user = match user_id {
            Some(user) => errors.id("/userId", &user),
            None => Some(caller.clone()),
        };
        let limits = limits.map(|limits| errors.key_limits(limits)).unwrap_or_default();
        let projects = projects.map(|projects| errors.key_projects(&projects));
        if projects.is_some() && scopes.contains(&Scope::Admin) {
            errors.add("/projects", ADMIN_IS_EVERYWHERE);
        }
        Some(NewKey { name, scopes, expires_at, user: user?, limits, projects })
    }
}
