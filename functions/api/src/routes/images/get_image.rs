//! `GET /api/v1/projects/{project}/images/{image}`.
//!
//! Journey: `tests/it/journeys/images.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::id::MediaId;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    views::image::ImageView,
};

pub(crate) async fn get_image(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, image)): Path<(String, String)>,
) -> Result<Json<ImageView>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let unknown = || ApiError::NotFound { what: "image" };
    let id: MediaId = image.parse().map_err(|_| unknown())?;
    let media = app.store.media(&project, &id).await?.ok_or_else(unknown)?;
    Ok(Json(ImageView::new(&app, media).await?))
}
