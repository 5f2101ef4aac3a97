//! `DELETE /api/v1/keys/{key}`: from now on nobody gets in with it. `userId` names whose key it is, unless it is the
//! caller's. Revoking twice has the same answer.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use likeness_core::{id::KeyId, project::Scope};

use crate::{
    access::Caller,
    app::App,
    problem::ApiError,
    request::extract::{Path, Query},
    routes::keys::WhoseKeys,
};

pub(crate) async fn revoke_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(key): Path<String>,
    Query(query): Query<WhoseKeys>,
) -> Result<StatusCode, ApiError> {
    caller.has_scope(Scope::Admin, "a key with the scope `admin`")?;
    let unknown = || ApiError::NotFound { what: "key" };
    let id: KeyId = key.parse().map_err(|_| unknown())?;
    if app.store.revoke_key(&query.user(&caller)?, id, app.clock.now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}
