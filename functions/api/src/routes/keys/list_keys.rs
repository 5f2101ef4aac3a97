//! `GET /api/v1/keys`: a user's keys (the caller's unless `userId` names another), newest first, without their tokens.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::project::Scope;
use serde::Serialize;

use crate::{
    access::Caller,
    app::App,
    problem::ApiError,
    request::{cursor, extract::Query},
    routes::keys::WhoseKeys,
    views::key::KeyView,
};

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
