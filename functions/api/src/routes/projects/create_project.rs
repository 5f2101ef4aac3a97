//! `POST /api/v1/projects`: a project, owned by whoever creates it.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use likeness_core::{
    id::ProjectId,
    project::{Project, Scope},
};
use serde::Deserialize;

use crate::{
    access::Caller,
    app::App,
    problem::ApiError,
    request::{body::JsonBody, validation::Errors},
    views::project::ProjectView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateProject {
    /// Chosen by the caller; made up when absent.
    id: Option<String>,
    name: String,
    /// Dollars that each profile may spend on angles that do not match, unless its request says otherwise.
    reroll_budget: Option<f64>,
    /// Whether the stand-in of a model may make what the model's own filter refused.
    #[serde(default)]
    moderation_fallback: bool,
}

pub(crate) async fn create_project(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: JsonBody<CreateProject>,
) -> Result<Response, ApiError> {
    caller.has_scope(Scope::Write, "a key with the scope `write`")?;
    let CreateProject { id, name, reroll_budget, moderation_fallback } = body.value;
    let mut errors = Errors::default();
    errors.text("/name", &name, 1, 200);
    let id = id.unwrap_or_else(|| format!("prj-{}", hex::encode(app.entropy.bytes::<8>())));
    let id = errors.check("/id", id.parse::<ProjectId>());
    let reroll_budget = reroll_budget.and_then(|dollars| errors.reroll_budget(dollars));
    errors.finish()?;
    let Some(id) = id else { return Err(ApiError::NotFound { what: "project" }) };
    let created_at = app.clock.now();
    let project = Project { id, name, owner: caller.user, created_at, reroll_budget, moderation_fallback };
    if !app.store.create_project(&project).await? {
        // Says no more than that the name is taken, as it may be a stranger's.
        return Err(ApiError::Conflict { detail: format!("the project id {} is taken", project.id) });
    }
    let location = format!("/api/v1/projects/{}", project.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(ProjectView::from(project))).into_response())
}
