//! `GET /api/v1/projects/{project}/collections`: newest first, of one subject where `subjectId` names it.
//!
//! Journey: `tests/it/journeys/catalogue.rs`.

use std::sync::Arc;

use axum::extract::State;
use likeness_domain::{
    collection::{CollectedView, Collection},
    id::{MediaId, SubjectId},
};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::{
        page::{Asked, ListName, Listed},
        query::{Query, filter},
    },
    views::collection::CollectionView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListCollections {
    subject_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ListedCollection {
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
    project: Project<Read>,
    Query(query): Query<ListCollections>,
) -> Result<Listed<ListedCollection>, ApiError> {
    let subject: Option<SubjectId> = filter("subjectId", query.subject_id.as_deref())?;
    let list = ListName::new("collections", &project.id).where_is("subjectId", subject.as_ref());
    let asked = Asked::of(list, query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.store.collections(&project.id, subject.as_ref(), asked.after.as_ref(), asked.limit).await?;
    Ok(asked.answer("collections", page, ListedCollection::from))
}
