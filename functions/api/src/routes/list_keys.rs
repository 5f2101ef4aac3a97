//! `GET /api/v1/keys`: a user's keys (the caller's unless `userId` names another), newest first, without their tokens.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use likeness_core::{
    id::{KeyId, UserId},
    project::{ApiKey, Scope},
};
use serde::{Deserialize, Serialize};

use crate::{
    access::Caller,
    app::App,
    cursor,
    extract::Query,
    problem::{ApiError, FieldError},
};

/// A key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyView {
    id: KeyId,
    user_id: UserId,
    name: String,
    scopes: Vec<Scope>,
    hint: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            user_id: key.user,
            name: key.name,
            scopes: key.scopes,
            hint: key.hint,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// Whose keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WhoseKeys {
    user_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

impl WhoseKeys {
    pub(super) fn user(&self, caller: &Caller) -> Result<UserId, ApiError> {
        match &self.user_id {
            None => Ok(caller.user.clone()),
            Some(user) => user.parse().map_err(|error| FieldError::query("userId", format!("is {error}")).into()),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyList {
    keys: Vec<KeyView>,
    has_more: bool,
    next_cursor: Option<String>,
}

pub(crate) async fn list_keys(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<WhoseKeys>,
) -> Result<Json<KeyList>, ApiError> {
    caller.has_scope(Scope::Admin, "a key with the scope `admin`")?;
    let user = query.user(&caller)?;
    let list = format!("keys of {user}");
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    let page = app.store.keys_of(&user, after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    let keys = page.items.into_iter().map(KeyView::from).collect();
    Ok(Json(KeyList { keys, has_more: next_cursor.is_some(), next_cursor }))
}
