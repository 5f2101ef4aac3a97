//! `PATCH /api/v1/projects/{project}`: another name, another budget. What is not named stays.
//!
//! Journey: `tests/it/journeys/verify.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::project::ProjectChanges;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    access::{Configure, Project},
    app::App,
    problem::ApiError,
    request::{
        body::{Body, JsonBody},
        errors::Errors,
        read::read,
    },
    views::project::ProjectView,
};

/// The changes, and whether the budget is taken away.
#[derive(Debug)]
pub(crate) struct UpdateProject {
    changes: Changes,
    without_budget: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Changes {
    name: Option<String>,
    /// Dollars; `null` takes the budget away.
    reroll_budget: Option<f64>,
    moderation_fallback: Option<bool>,
}

impl Body for UpdateProject {
    fn read(document: &Value, errors: &mut Errors) -> Option<Self> {
        let without_budget = document.get("rerollBudget").is_some_and(Value::is_null);
        read(document, errors).map(|changes| Self { changes, without_budget })
    }
}

pub(crate) async fn update_project(
    State(app): State<Arc<App>>,
    project: Project<Configure>,
    body: JsonBody<UpdateProject>,
) -> Result<Json<ProjectView>, ApiError> {
    let changes = body.valid(UpdateProject::validated)?;
    let changed = app.store.change_project(&project.id, &changes).await?;
    Ok(Json(changed.ok_or(ApiError::NotFound { what: "project" })?.into()))
}

impl UpdateProject {
    #[expect(clippy::unnecessary_wraps, reason = "as a check of a body is")]
    fn validated(self, errors: &mut Errors) -> Option<ProjectChanges> {
        let Changes { name, reroll_budget, moderation_fallback } = self.changes;
        if let Some(name) = &name {
            errors.text("/name", name, 1, 200);
        }
        let budget = reroll_budget.and_then(|dollars| errors.reroll_budget(dollars)).map(Some);
        let reroll_budget = if self.without_budget { Some(None) } else { budget };
        Some(ProjectChanges { name, reroll_budget, moderation_fallback, ..ProjectChanges::default() })
    }
}
