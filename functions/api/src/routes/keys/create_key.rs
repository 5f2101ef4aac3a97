//! `POST /api/v1/keys`: an API key. Its token is in this answer and nowhere else.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use jiff::Timestamp;
use likeness_core::{
    id::{KeyId, UserId},
    project::{ApiKey, Scope},
};
use serde::{Deserialize, Serialize};

use crate::{
    access::Caller,
    app::App,
    problem::ApiError,
    request::{body::JsonBody, validation::Errors},
    token::{new_token, token_hint, token_sha256},
    views::key::KeyView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateKey {
    name: String,
    scopes: BTreeSet<Scope>,
    expires_at: Option<Timestamp>,
    /// For whom; the caller when absent.
    user_id: Option<String>,
}

#[derive(Debug, Serialize)]
struct CreatedKey {
    token: String,
    #[serde(flatten)]
    key: KeyView,
}

pub(crate) async fn create_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: JsonBody<CreateKey>,
) -> Result<Response, ApiError> {
    caller.has_scope(Scope::Admin, "a key with the scope `admin`")?;
    let now = app.clock.now();
    let CreateKey { name, scopes, expires_at, user_id } = body.value;
    let mut errors = Errors::default();
    errors.text("/name", &name, 1, 100);
    errors.future("/expiresAt", expires_at, now);
    if scopes.is_empty() {
        errors.add("/scopes", "is empty");
    }
    let user = match user_id {
        Some(user) => errors.check("/userId", user.parse::<UserId>()),
        None => Some(caller.user),
    };
    errors.finish()?;
    let Some(user) = user else { return Err(ApiError::NotFound { what: "user" }) };
    let token = new_token(&app.entropy);
    let key = ApiKey {
        id: KeyId::new(now, &app.entropy),
        user,
        name,
        scopes: scopes.into_iter().collect(),
        hint: token_hint(&token),
        created_at: now,
        expires_at,
        revoked_at: None,
    };
    if !app.store.create_key(&token_sha256(&token), &key).await? {
        return Err(ApiError::Conflict { detail: "the token exists; try again".to_owned() });
    }
    Ok((StatusCode::CREATED, Json(CreatedKey { token, key: key.into() })).into_response())
}
