//! `GET /api/v1/projects/{project}/loras`: newest first, of everybody or of one person.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::id::PersonId;
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::{ApiError, FieldError},
    request::{
        cursor,
        extract::{Path, Query},
    },
    views::lora::LoraView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListLoras {
    person_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoraList {
    loras: Vec<LoraView>,
    has_more: bool,
    next_cursor: Option<String>,
}

pub(crate) async fn list_loras(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    Query(query): Query<ListLoras>,
) -> Result<Json<LoraList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let person = query.person_id.as_deref().map(str::parse::<PersonId>).transpose();
    let person = person.map_err(|error| FieldError::query("personId", format!("is {error}")))?;
    let list = format!("LoRAs of {project} {person:?}");
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    let page = app.store.loras(&project, person.as_ref(), after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    let loras = page.items.into_iter().map(LoraView::from).collect();
    Ok(Json(LoraList { loras, has_more: next_cursor.is_some(), next_cursor }))
}
