//! `GET /api/v1/projects/{project}/people/{person}`.
//!
//! Journey: `tests/it/journeys/portrait.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::id::PersonId;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    views::person::PersonView,
};

pub(crate) async fn get_person(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, person)): Path<(String, String)>,
) -> Result<Json<PersonView>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let unknown = || ApiError::NotFound { what: "person" };
    let id: PersonId = person.parse().map_err(|_| unknown())?;
    let person = app.store.person(&project, &id).await?.ok_or_else(unknown)?;
    Ok(Json(person.value.into()))
}
