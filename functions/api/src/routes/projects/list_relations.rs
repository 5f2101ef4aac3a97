//! `GET /api/v1/projects/{project}/relations/{id}`: what a subject, image, collection or person is related to, and what
//! is related to it.
//!
//! Journey: `tests/it/journeys/catalogue.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::id::SubjectId;
use serde::Serialize;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
};

#[derive(Debug, Serialize)]
pub(crate) struct RelationList {
    id: String,
    outgoing: Vec<Outgoing>,
    incoming: Vec<Incoming>,
}

#[derive(Debug, Serialize)]
struct Outgoing {
    relation: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct Incoming {
    relation: String,
    from: String,
}

pub(crate) async fn list_relations(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, id)): Path<(String, String)>,
) -> Result<Json<RelationList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    // Ids and names of every sort are spelled like a subject's, and nothing else may become part of a key.
    let name: SubjectId =
        id.parse().map_err(|_| ApiError::NotFound { what: "subject, image, collection or person" })?;
    let outgoing = app.store.related_from(&project, name.as_str()).await?;
    let incoming = app.store.related_to(&project, name.as_str()).await?;
    Ok(Json(RelationList {
        id,
        outgoing: outgoing.into_iter().map(|(relation, to)| Outgoing { relation, to }).collect(),
        incoming: incoming.into_iter().map(|(relation, from)| Incoming { relation, from }).collect(),
    }))
}
