//! `PATCH /api/v1/projects/{project}`: another name, another budget. What is not named stays.
//!
//! Journey: `tests/it/journeys/verify.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::project::ProjectChanges;
use serde::{Deserialize, Deserializer};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, extract::Path, validation::Errors},
    views::project::ProjectView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateProject {
    name: Option<String>,
    /// Dollars; `null` takes the budget away.
    #[serde(default, deserialize_with = "given")]
    reroll_budget: Option<Option<f64>>,
    moderation_fallback: Option<bool>,
}

/// A field that is there, also as `null`.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(from).map(Some)
}

pub(crate) async fn update_project(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    body: JsonBody<UpdateProject>,
) -> Result<Json<ProjectView>, ApiError> {
    let project = caller.may(&app, Action::Configure, &project).await?;
    let changes = body.value.validated()?;
    let changed = app.store.change_project(&project, &changes).await?;
    Ok(Json(changed.ok_or(ApiError::NotFound { what: "project" })?.into()))
}

impl UpdateProject {
    fn validated(self) -> Result<ProjectChanges, ApiError> {
        let mut errors = Errors::default();
        if let Some(name) = &self.name {
            errors.text("/name", name, 1, 200);
        }
        let reroll_budget = self.reroll_budget.map(|budget| budget.and_then(|dollars| errors.reroll_budget(dollars)));
        errors.finish()?;
        Ok(ProjectChanges { name: self.name, reroll_budget, moderation_fallback: self.moderation_fallback })
    }
}
