//! A project as clients see it.

use likeness_domain::{
    id::{ProjectId, UserId},
    money::Usd,
    project::Project,
};
use serde::Serialize;

use crate::views::time::Time;

/// A project with the settings that its jobs go by.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectView {
    id: ProjectId,
    name: String,
    owner: UserId,
    created_at: Time,
    /// In dollars, for each profile; `null`: none.
    reroll_budget: Option<f64>,
    /// Whether the stand-in of a model may make what the model's own filter refused.
    moderation_fallback: bool,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        let Project { id, name, owner, created_at, reroll_budget, moderation_fallback, .. } = project;
        let (created_at, reroll_budget) = (created_at.into(), reroll_budget.map(Usd::dollars));
        Self { id, name, owner, created_at, reroll_budget, moderation_fallback }
    }
}
