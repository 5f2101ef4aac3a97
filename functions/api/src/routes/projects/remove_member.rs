//! `DELETE /api/v1/projects/{project}/members/{user}`. Removing a user without membership has the same answer.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use likeness_domain::id::UserId;

use crate::{
    access::{ManageMembers, Project},
    app::App,
    problem::ApiError,
    request::path::Named,
    routes::projects::kept_an_owner,
};

pub(crate) async fn remove_member(
    State(app): State<Arc<App>>,
    project: Project<ManageMembers>,
    Named(user): Named<UserId>,
) -> Result<StatusCode, ApiError> {
    kept_an_owner(app.store.remove_member(&project.id, &user).await?)?;
    Ok(StatusCode::NO_CONTENT)
}
