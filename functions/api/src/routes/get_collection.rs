//! `GET /api/v1/projects/{project}/collections/{collection}`: images that belong together, such as the views of a
//! profile.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use likeness_core::{
    collection::Collection,
    id::{CollectionId, JobId, MediaId, SubjectId},
    media::ImageType,
};
use serde::Serialize;

use crate::{
    access::{Action, Caller},
    app::App,
    extract::Path,
    image_view::ImageView,
    problem::ApiError,
};

/// What is known of a collection without its images.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CollectionView {
    collection_id: CollectionId,
    #[serde(rename = "type")]
    kind: &'static str,
    subject_id: SubjectId,
    /// As the request named it.
    master_reference_id: String,
    job_id: JobId,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(crate) struct WholeCollection {
    #[serde(flatten)]
    collection: CollectionView,
    /// The newest of each angle, by angle.
    images: Vec<ImageView>,
}

impl From<Collection> for CollectionView {
    fn from(collection: Collection) -> Self {
        Self {
            collection_id: collection.id,
            kind: ImageType::Profile360.as_str(),
            subject_id: collection.subject,
            master_reference_id: collection.master,
            job_id: collection.job,
            created_at: collection.created_at,
            updated_at: collection.updated_at,
        }
    }
}

pub(crate) async fn get_collection(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, collection)): Path<(String, String)>,
) -> Result<Json<WholeCollection>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let unknown = || ApiError::NotFound { what: "collection" };
    let id: CollectionId = collection.parse().map_err(|_| unknown())?;
    let collection = app.store.collection(&project, id).await?.ok_or_else(unknown)?.value;
    let images: Vec<MediaId> = collection.views.iter().map(|view| view.media.clone()).collect();
    let images = ImageView::all(&app, app.store.media_of(&project, &images).await?).await?;
    Ok(Json(WholeCollection { collection: collection.into(), images }))
}
