//! `GET /api/v1/projects/{project}/workflows`: newest first.
//!
//! Journey: `tests/it/journeys/workflow.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{
        cursor::{self, PageQuery},
        extract::{Path, Query},
    },
    views::workflow::WorkflowView,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkflowList {
    workflows: Vec<WorkflowView>,
    has_more: bool,
    next_cursor: Option<String>,
}

pub(crate) async fn list_workflows(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<WorkflowList>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let list = format!("workflows of {project}");
    let (limit, after) = (cursor::limit(query.limit.as_deref())?, cursor::decode(&list, query.cursor.as_deref())?);
    let page = app.store.workflows(&project, after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|next| cursor::encode(&list, next));
    let mut workflows = Vec::with_capacity(page.items.len());
    for workflow in &page.items {
        workflows.push(WorkflowView::new(&app, workflow).await?);
    }
    Ok(Json(WorkflowList { workflows, has_more: next_cursor.is_some(), next_cursor }))
}
