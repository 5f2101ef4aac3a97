//! `GET /api/v1/projects/{project}/budgets`: the caps on money in the project, and what is committed of them.
//!
//! Journey: `tests/it/journeys/budgets.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::{id::UserId, project::Project as Settings};

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    views::limits::BudgetsView,
};

pub(crate) async fn get_budgets(
    State(app): State<Arc<App>>,
    project: Project<Read>,
) -> Result<Json<BudgetsView>, ApiError> {
    answer(&app, &project.settings).await.map(Json)
}

/// The project's caps with what is committed of them now.
pub(super) async fn answer(app: &App, project: &Settings) -> Result<BudgetsView, ApiError> {
    let now = app.clock.now();
    let users: Vec<UserId> = project.budgets.users.keys().cloned().collect();
    let committed = app.store.committed(&project.id, &users, now).await?;
    Ok(BudgetsView::new(&project.budgets, &committed, now))
}
