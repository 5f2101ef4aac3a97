//! `GET /api/v1/projects/{project}/loras/{lora}`.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::id::LoraId;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::path::Named,
    routes::loras::find,
    views::lora::LoraView,
};

pub(crate) async fn get_lora(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Named(id): Named<LoraId>,
) -> Result<Json<LoraView>, ApiError> {
    Ok(Json(find(&app, &project.id, id).await?.value.into()))
}
