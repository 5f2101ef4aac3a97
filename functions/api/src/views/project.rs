//! A project as clients see it.

use likeness_core::{
    id::{ProjectId, UserId},
    money::Usd,
    project::Project,
};
use serde::Serialize;

use crate::views::time::Time;

/// A project.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectView {
    id: ProjectId,
    name: String,
    owner: UserId,
    created_at: Time,
    /// In dollars, for each profile; `null`: none.
    reroll_budget: Option<f64>,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        let Project { id, name, owner, created_at, reroll_budget } = project;
        Self { id, name, owner, created_at: created_at.into(), reroll_budget: reroll_budget.map(Usd::dollars) }
    }
}
