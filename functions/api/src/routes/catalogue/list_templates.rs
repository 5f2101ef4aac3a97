//! `GET /api/v1/projects/{project}/templates`: every version of every prompt template, with what it has brought here, so
//! that two that run side by side can be compared.
//!
//! Journey: `tests/it/journeys/catalogue.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::prompt::Template;
use serde::Serialize;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
};

#[derive(Debug, Serialize)]
pub(crate) struct TemplateList {
    templates: Vec<TemplateView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TemplateView {
    /// With its version: `master-character@1`.
    template: String,
    /// How many of a hundred subjects get it, now.
    share: u32,
    images: u64,
    /// 0 to 1; `null` where there are no images.
    mean_quality: Option<f64>,
}

pub(crate) async fn list_templates(
    State(app): State<Arc<App>>,
    project: Project<Read>,
) -> Result<Json<TemplateList>, ApiError> {
    let tally = app.store.tally(&project.id).await?;
    let templates = Template::all().iter().map(|version| {
        let template = version.reference();
        let (images, mean_quality) = tally.of_template(&template);
        TemplateView { template, share: app.wording().share(version), images, mean_quality }
    });
    Ok(Json(TemplateList { templates: templates.collect() }))
}
