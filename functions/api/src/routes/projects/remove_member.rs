//! `DELETE /api/v1/projects/{project}/members/{user}`. Removing somebody who is no member has the same answer.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use likeness_core::id::UserId;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    routes::projects::keeps_an_owner,
};

pub(crate) async fn remove_member(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, user)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let project = caller.may(&app, Action::ManageMembers, &project).await?;
    let user: UserId = user.parse().map_err(|_| ApiError::NotFound { what: "user" })?;
    keeps_an_owner(&app, &project, &user).await?;
    app.store.remove_member(&project, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
