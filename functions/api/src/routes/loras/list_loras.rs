//! `GET /api/v1/projects/{project}/loras`: newest first, of all people or of one.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::extract::State;
use likeness_domain::id::PersonId;
use serde::Deserialize;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::{
        page::{Asked, ListName, Listed},
        query::{Query, filter},
    },
    views::lora::LoraView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListLoras {
    person_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(crate) async fn list_loras(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Query(query): Query<ListLoras>,
) -> Result<Listed<LoraView>, ApiError> {
    let person: Option<PersonId> = filter("personId", query.person_id.as_deref())?;
    let list = ListName::new("LoRAs", &project.id).where_is("personId", person.as_ref());
    let asked = Asked::of(list, query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.store.loras(&project.id, person.as_ref(), asked.after.as_ref(), asked.limit).await?;
    Ok(asked.answer("loras", page, LoraView::from))
}
