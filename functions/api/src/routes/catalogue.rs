//! What a request can choose from: models and prompt templates.

pub(crate) mod list_models;
pub(crate) mod list_templates;
