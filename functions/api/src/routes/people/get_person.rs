//! `GET /api/v1/projects/{project}/people/{person}`.
//!
//! Journey: `tests/it/journeys/portrait.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::id::PersonId;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::path::Named,
    views::person::PersonView,
};

pub(crate) async fn get_person(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Named(id): Named<PersonId>,
) -> Result<Json<PersonView>, ApiError> {
    let person = app.store.person(&project.id, &id).await?.ok_or(ApiError::NotFound { what: "person" })?;
    Ok(Json(person.value.into()))
}
