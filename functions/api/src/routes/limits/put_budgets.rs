//! `PUT /api/v1/projects/{project}/budgets`: the caps on money in the project, in place of those that it had.
//!
//! Journey: `tests/it/journeys/budgets.rs`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use likeness_domain::{limit::Budgets, project::ProjectChanges};
use serde::Deserialize;

use crate::{
    access::{Configure, Project},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, errors::Errors, limits::CapsBody, place::escaped},
    routes::limits::get_budgets::answer,
    views::limits::BudgetsView,
};

/// Most users with caps of their own: they stand in the project's record, which every request reads.
const MAX_USERS: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PutBudgets {
    #[serde(default)]
    project: CapsBody,
    #[serde(default)]
    per_user: CapsBody,
    #[serde(default)]
    users: BTreeMap<String, CapsBody>,
    #[serde(default)]
    per_end_user: CapsBody,
    #[serde(default)]
    allow_unknown_price: bool,
}

pub(crate) async fn put_budgets(
    State(app): State<Arc<App>>,
    project: Project<Configure>,
    body: JsonBody<PutBudgets>,
) -> Result<Json<BudgetsView>, ApiError> {
    let budgets = body.valid(PutBudgets::validated)?;
    let changes = ProjectChanges { budgets: Some(budgets), ..ProjectChanges::default() };
    let changed =
        app.store.change_project(&project.id, &changes).await?.ok_or(ApiError::NotFound { what: "project" })?;
    tracing::info!(event = "budgets_changed", project.id = %project.id, by = project.caller.name(), "budgets were changed");
    answer(&app, &changed).await.map(Json)
}

impl PutBudgets {
    fn validated(self, errors: &mut Errors) -> Option<Budgets> {
        if self.users.len() > MAX_USERS {
            errors.add("/users", format!("must name at most {MAX_USERS} users, and names {}", self.users.len()));
            return None;
        }
        let users = self.users.into_iter().filter_map(|(user, caps)| {
            let place = format!("/users/{}", escaped(&user));
            let caps = errors.caps(&place, caps);
            Some((errors.id(&place, &user)?, caps))
        });
        let users = users.collect();
        Some(Budgets {
            project: errors.caps("/project", self.project),
            per_user: errors.caps("/perUser", self.per_user),
            users,
            per_end_user: errors.caps("/perEndUser", self.per_end_user),
            allow_unknown_price: self.allow_unknown_price,
        })
    }
}
