//! `GET /api/v1/keys`: the caller's keys, newest first, without their tokens.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use jiff::Timestamp;
use likeness_core::{
    id::{KeyId, UserId},
    project::{ApiKey, Scope},
};
use serde::Serialize;

use super::list_projects::PageQuery;
use crate::{access::Caller, app::App, cursor, problem::ApiError};

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
    Query(query): Query<PageQuery>,
) -> Result<Json<KeyList>, ApiError> {
    caller.has_scope(Scope::Admin, "a key with the scope `admin`")?;
    let list = format!("keys of {}", caller.user);
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    let page = app.store.keys_of(&caller.user, after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next)).transpose()?;
    let keys = page.items.into_iter().map(KeyView::from).collect();
    Ok(Json(KeyList { keys, has_more: next_cursor.is_some(), next_cursor }))
}
