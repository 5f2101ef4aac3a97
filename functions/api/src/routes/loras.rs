//! LoRA weights, uploaded by clients.

pub(crate) mod complete_lora;
pub(crate) mod create_lora;
pub(crate) mod get_lora;
pub(crate) mod list_loras;

use likeness_core::{
    id::{LoraId, ProjectId},
    lora::Lora,
    store::Versioned,
};

use crate::{app::App, problem::ApiError};

/// The LoRA named `lora` in the path, if it is one of `project`.
pub(crate) async fn find(app: &App, project: &ProjectId, lora: &str) -> Result<Versioned<Lora>, ApiError> {
    let unknown = || ApiError::NotFound { what: "LoRA" };
    let id: LoraId = lora.parse().map_err(|_| unknown())?;
    let found = app.store.lora(id).await?;
    found.filter(|found| found.value.project == *project).ok_or_else(unknown)
}
