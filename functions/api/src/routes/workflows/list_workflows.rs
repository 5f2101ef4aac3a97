//! `GET /api/v1/projects/{project}/workflows`: newest first.
//!
//! Journey: `tests/it/journeys/workflow.rs`.

use std::sync::Arc;

use axum::extract::State;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::{
        page::{Asked, ListName, Listed, PageQuery},
        query::Query,
    },
    views::workflow::WorkflowView,
};

pub(crate) async fn list_workflows(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Query(query): Query<PageQuery>,
) -> Result<Listed<WorkflowView>, ApiError> {
    let list = ListName::new("workflows", &project.id);
    let asked = Asked::of(list, query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.store.workflows(&project.id, asked.after.as_ref(), asked.limit).await?;
    let mut workflows = Vec::with_capacity(page.items.len());
    for workflow in &page.items {
        workflows.push(WorkflowView::new(&app, workflow).await?);
    }
    Ok(asked.listed("workflows", workflows, page.next.as_ref()))
}
