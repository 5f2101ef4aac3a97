//! `POST /api/v1/projects`: a project, owned by the caller.
//!
//! Journey: `tests/it/journeys/access.rs`.

use std::{
    fmt::{self, Display},
    str::FromStr,
    sync::Arc,
};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use likeness_domain::{
    id::ProjectId,
    limit::{Budgets, ProjectLimits},
    money::Usd,
    project::Project,
};
use serde::Deserialize;

use crate::{
    access::{Key, Write},
    app::App,
    headers::{
        idempotency::idempotency,
        once::{Owner, claim},
    },
    problem::ApiError,
    request::{body::JsonBody, errors::Errors},
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
    Key { caller, .. }: Key<Write>,
    headers: HeaderMap,
    body: JsonBody<CreateProject>,
) -> Result<Response, ApiError> {
    if caller.only().is_some() {
        return Err(ApiError::Forbidden { needs: "a key that is good for all projects of its user" });
    }
    let idempotency = idempotency(&headers, "projects", &body.sha256)?;
    let made_up = format!("prj-{}", hex::encode(app.rng.bytes::<8>()));
    let (id, name, reroll_budget, moderation_fallback) = body.valid(|body, errors| body.validated(made_up, errors))?;
    let owner = Owner::User(&caller.user);
    // Says no more than that the name is taken, as it may be a stranger's.
    let taken = |id: &ProjectId| ApiError::Conflict { detail: format!("the project id {id} is taken") };
    let new = NewProject { id, at: app.clock.now() };
    let NewProject { id, at } = claim(&app, owner, idempotency.as_ref(), new, app.clock.now()).await?;
    let project = Project {
        id,
        name,
        owner: caller.user.clone(),
        created_at: at,
        reroll_budget,
        moderation_fallback,
        limits: ProjectLimits::default(),
        budgets: Budgets::default(),
    };
    let project = if app.store.create_project(&project).await? {
        project
    } else {
        // A call with the same key was faster: it made it at the moment that the key stands for.
        let made = app.store.project(&project.id).await?.filter(|made| {
            let then = made.created_at.as_millisecond() == at.as_millisecond();
            idempotency.is_some() && then && made.owner == caller.user
        });
        made.ok_or_else(|| taken(&project.id))?
    };
    let location = format!("/api/v1/projects/{}", project.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(ProjectView::from(project))).into_response())
}

/// What an idempotency key stands for: one name may be asked for under several keys, and only one of them makes it.
#[derive(Debug)]
struct NewProject {
    id: ProjectId,
    at: Timestamp,
}

impl Display for NewProject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.at.as_millisecond(), self.id)
    }
}

impl FromStr for NewProject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once(' ').ok_or(())?;
        let at = Timestamp::from_millisecond(at.parse().map_err(drop)?).map_err(drop)?;
        Ok(Self { id: id.parse().map_err(drop)?, at })
    }
}

impl CreateProject {
    fn validated(self, made_up: String, errors: &mut Errors) -> Option<(ProjectId, String, Option<Usd>, bool)> {
        let Self { id, name, reroll_budget, moderation_fallback } = self;
        errors.text("/name", &name, 1, 200);
        let id = errors.id("/id", &id.unwrap_or(made_up));
        let reroll_budget = reroll_budget.and_then(|dollars| errors.reroll_budget(dollars));
        Some((id?, name, reroll_budget, moderation_fallback))
    }
}
