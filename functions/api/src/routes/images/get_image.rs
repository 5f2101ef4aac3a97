//! `GET /api/v1/projects/{project}/images/{image}`.
//!
//! Journey: `tests/it/journeys/images.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::id::MediaId;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::path::Named,
    views::image::ImageView,
};

pub(crate) async fn get_image(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Named(id): Named<MediaId>,
) -> Result<Json<ImageView>, ApiError> {
    let media = app.store.media(&project.id, &id).await?.ok_or(ApiError::NotFound { what: "image" })?;
    Ok(Json(ImageView::new(&app, media).await?))
}
