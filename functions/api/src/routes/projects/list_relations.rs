//! `GET /api/v1/projects/{project}/relations/{id}`: what a subject, image, collection or person is related to, and what
//! is related to it.
//!
//! Journey: `tests/it/journeys/catalogue.rs`.

use std::{str::FromStr, sync::Arc};

use axum::{Json, extract::State};
use likeness_domain::id::{InvalidId, SubjectId};
use serde::Serialize;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::path::{Named, PathName},
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

/// What is related to others. Ids and names of every sort are spelled like a subject's, and nothing else may become
/// part of a key.
#[derive(Debug)]
pub(crate) struct Related(SubjectId);

impl FromStr for Related {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self)
    }
}

impl PathName for Related {
    const PARAMETER: &'static str = "id";
    const WHAT: &'static str = "subject, image, collection or person";
}

pub(crate) async fn list_relations(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Named(Related(name)): Named<Related>,
) -> Result<Json<RelationList>, ApiError> {
    let outgoing = app.store.related_from(&project.id, name.as_str()).await?;
    let incoming = app.store.related_to(&project.id, name.as_str()).await?;
    Ok(Json(RelationList {
        id: name.to_string(),
        outgoing: outgoing.into_iter().map(|(relation, to)| Outgoing { relation, to }).collect(),
        incoming: incoming.into_iter().map(|(relation, from)| Incoming { relation, from }).collect(),
    }))
}
