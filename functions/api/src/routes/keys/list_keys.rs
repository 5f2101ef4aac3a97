//! `GET /api/v1/keys`: a user's keys (the caller's unless `userId` names another), newest first, without their tokens.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;

use crate::{
    access::{Admin, Key},
    app::App,
    problem::ApiError,
    request::{
        page::{Asked, ListName, Listed},
        query::{Query, filter},
    },
    views::key::KeyView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListKeys {
    user_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(crate) async fn list_keys(
    State(app): State<Arc<App>>,
    Key { caller, .. }: Key<Admin>,
    Query(query): Query<ListKeys>,
) -> Result<Listed<KeyView>, ApiError> {
    let user = filter("userId", query.user_id.as_deref())?.unwrap_or(caller.user);
    let asked = Asked::of(ListName::new("keys", &user), query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.store.keys_of(&user, asked.after.as_ref(), asked.limit).await?;
    Ok(asked.answer("keys", page, KeyView::from))
}
