//! `DELETE /api/v1/keys/{key}`: it is refused from now on, with all its tokens. `userId` names whose key it is, unless it is the caller's. Revoking twice has the same answer.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use likeness_domain::id::KeyId;

use super::WhoseKey;
use crate::{
    access::{Admin, Key},
    app::App,
    problem::ApiError,
    request::{
        path::Named,
        query::{Query, filter},
    },
};

pub(crate) async fn revoke_key(
    State(app): State<Arc<App>>,
    Key { caller, .. }: Key<Admin>,
    Named(id): Named<KeyId>,
    Query(query): Query<WhoseKey>,
) -> Result<StatusCode, ApiError> {
    let user = filter("userId", query.user_id.as_deref())?.unwrap_or(caller.user);
    if app.store.revoke_key(&user, id, app.clock.now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::NotFound { what: "key" })
    }
}
