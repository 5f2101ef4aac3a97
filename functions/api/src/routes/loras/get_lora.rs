//! `GET /api/v1/projects/{project}/loras/{lora}`.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    routes::loras::find,
    views::lora::LoraView,
};

pub(crate) async fn get_lora(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, lora)): Path<(String, String)>,
) -> Result<Json<LoraView>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    Ok(Json(find(&app, &project, &lora).await?.value.into()))
}
