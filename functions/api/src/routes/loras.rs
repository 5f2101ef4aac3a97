//! LoRA weights, uploaded by clients.

pub(crate) mod complete_lora;
pub(crate) mod create_lora;
pub(crate) mod get_lora;
pub(crate) mod list_loras;

use likeness_core::store::Versioned;
use likeness_domain::{
    id::{LoraId, ProjectId},
    lora::Lora,
};

use crate::{app::App, problem::ApiError};

/// The LoRA, if it is one of `project`.
pub(crate) async fn find(app: &App, project: &ProjectId, id: LoraId) -> Result<Versioned<Lora>, ApiError> {
    let found = app.store.lora(id).await?.filter(|found| found.value.project == *project);
    found.ok_or(ApiError::NotFound { what: "LoRA" })
}
