//! `POST /api/v1/keys/{key}/rotate`: a new token of the same key, in this answer and nowhere else. The one before is good
//! for a while; `userId` names whose key it is, unless it is the caller's.
//!
//! Journey: `tests/it/journeys/keys.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::HeaderMap;
use jiff::SignedDuration;
use likeness_core::store::{NewToken, Rotated};
use likeness_domain::id::KeyId;
use serde::Deserialize;

use super::{WhoseKey, idempotency_of, token};
use crate::{
    access::{Admin, Key},
    app::App,
    problem::ApiError,
    request::{
        body::JsonBody,
        errors::Errors,
        path::Named,
        query::{Query, filter},
    },
    token::{token_hint, token_sha256},
    views::key::TokenView,
};

/// For how long both tokens are good, in seconds.
const OVERLAP: u32 = 86_400;
const LONGEST_OVERLAP: u32 = 7 * 86_400;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RotateKey {
    overlap_seconds: Option<u32>,
}

pub(crate) async fn rotate_key(
    State(app): State<Arc<App>>,
    Key { caller, .. }: Key<Admin>,
    Named(id): Named<KeyId>,
    Query(query): Query<WhoseKey>,
    headers: HeaderMap,
    body: Option<JsonBody<RotateKey>>,
) -> Result<Json<TokenView>, ApiError> {
    let (now, body) = (app.clock.now(), body.unwrap_or_default());
    let user = filter("userId", query.user_id.as_deref())?.unwrap_or_else(|| caller.user.clone());
    let route = format!("rotate {} {user} {id}", caller.name());
    let idempotency = idempotency_of(&headers, &caller, &route, &body.sha256)?;
    let overlap = body.valid(RotateKey::validated)?;
    // What is not there uses up no idempotency key.
    if app.store.key_of(&user, id).await?.is_none() {
        return Err(ApiError::NotFound { what: "key" });
    }
    let token = token(&app, &caller, idempotency.as_ref(), now).await?;
    let (sha256, hint) = (token_sha256(&token), token_hint(&token));
    let new = NewToken { sha256: &sha256, hint: &hint };
    let key = match app.store.rotate_key(&user, id, new, now + overlap, now).await? {
        Some(Rotated::Done(key)) => *key,
        Some(Rotated::Ended) => {
            return Err(ApiError::Conflict { detail: "the key is revoked, or past its end".to_owned() });
        }
        Some(Rotated::Replaced) => {
            return Err(ApiError::Conflict { detail: "the key has another token since".to_owned() });
        }
        None => return Err(ApiError::NotFound { what: "key" }),
    };
    tracing::info!(event = "key_rotated", key.id = %key.id, key.rotated_with = caller.name(), "a key has a new token");
    Ok(Json(TokenView { token, key: key.into() }))
}

impl RotateKey {
    fn validated(self, errors: &mut Errors) -> Option<SignedDuration> {
        let seconds = self.overlap_seconds.unwrap_or(OVERLAP);
        if seconds > LONGEST_OVERLAP {
            errors.add("/overlapSeconds", format!("must be 0 to {LONGEST_OVERLAP}"));
        }
        Some(SignedDuration::from_secs(seconds.into()))
    }
}
