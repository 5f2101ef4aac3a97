//! `GET /api/v1/projects/{project}/collections/{collection}`: images that belong together, such as the views of a
//! profile.
//!
//! Journey: `tests/it/journeys/catalogue.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::id::{CollectionId, MediaId};
use serde::Serialize;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
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
