//! `GET /api/v1/projects/{project}/collections/{collection}`: images that belong together, such as the views of a
//! profile.
//!
//! Journey: `tests/it/journeys/catalogue.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::id::{CollectionId, MediaId};
use serde::Serialize;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::path::Named,
    views::{collection::CollectionView, image::ImageView},
};

#[derive(Debug, Serialize)]
pub(crate) struct WholeCollection {
    #[serde(flatten)]
    collection: CollectionView,
    /// The newest of each angle, by angle.
    images: Vec<ImageView>,
}

pub(crate) async fn get_collection(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Named(id): Named<CollectionId>,
) -> Result<Json<WholeCollection>, ApiError> {
    let collection = app.store.collection(&project.id, id).await?;
    let collection = collection.ok_or(ApiError::NotFound { what: "collection" })?.value;
    let images: Vec<MediaId> = collection.views.iter().map(|view| view.media.clone()).collect();
    let images = ImageView::all(&app, app.store.media_of(&project.id, &images).await?).await?;
    Ok(Json(WholeCollection { collection: collection.into(), images }))
}
