//! `GET /api/v1/projects/{project}/collections`: newest first, of one subject where `subjectId` names it.
//!
//! Journey: `tests/it/journeys/catalogue.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::{
    collection::{CollectedView, Collection},
    id::{MediaId, SubjectId},
};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::{ApiError, FieldError},
    request::{
        cursor,
        extract::{Path, Query},
    },
    views::collection::CollectionView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListCollections {
    subject_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CollectionList {
    collections: Vec<ListedCollection>,
    has_more: bool,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct ListedCollection {
    #[serde(flatten)]
    collection: CollectionView,
    views: Vec<EntryView>,
}

/// The newest image of an angle.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryView {
    angle: u16,
    media_id: MediaId,
    version: u32,
}

impl From<Collection> for ListedCollection {
    fn from(collection: Collection) -> Self {
        let entry = |CollectedView { angle, media, version }| EntryView { angle, media_id: media, version };
        let views = collection.views.iter().cloned().map(entry).collect();
        Self { collection: collection.into(), views }
    }
}

pub(crate) async fn list_collections(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    Query(query): Query<ListCollections>,
) -> Result<Json<CollectionList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let subject = query.subject_id.as_deref().map(str::parse::<SubjectId>).transpose();
    let subject = subject.map_err(|error| FieldError::query("subjectId", format!("is {error}")))?;
    let list = format!("collections of {project} {subject:?}");
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    let page = app.store.collections(&project, subject.as_ref(), after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    let collections = page.items.into_iter().map(ListedCollection::from).collect();
    Ok(Json(CollectionList { collections, has_more: next_cursor.is_some(), next_cursor }))
}
