//! `POST /api/v1/projects/{project}/workflows/{workflow}/cancel`: steps that have not begun are dropped; of the others,
//! shots that wait are taken back and those in flight are called off at fal.
//!
//! Journey: `tests/it/journeys/workflow.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use likeness_core::{job::TakenBack, store::Changed, take_back::take_back, workflow::WorkflowState};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    routes::workflows::{go_on, of_project},
    views::workflow::WorkflowView,
};

pub(crate) async fn cancel_workflow(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, workflow)): Path<(String, String)>,
) -> Result<(StatusCode, Json<WorkflowView>), ApiError> {
    let project = caller.may(&app, Action::Generate, &project).await?;
    let id = of_project(&app, &project, &workflow).await?.value.id;
    let now = app.clock.now();
    // Decided anew where a step began meanwhile: its job has to be taken back too.
    let canceled = app.store.change_workflow(id, |workflow| match workflow.state {
        WorkflowState::Ended { .. } => Err(ApiError::Conflict { detail: "the workflow has ended".to_owned() }),
        WorkflowState::Open { .. } => Ok(workflow.canceled(now)),
    });
    let canceled = match canceled.await? {
        Changed::Done(canceled) => canceled.value,
        Changed::Unchanged(error) => return Err(error),
        Changed::Gone => return Err(ApiError::NotFound { what: "workflow" }),
    };
    for job in canceled.jobs() {
        take_back(&app.store, &app.acceptor.queues, job, TakenBack::Caller, app.clock.now()).await?;
    }
    go_on(&app, canceled.id).await;
    let after = of_project(&app, &project, &workflow).await?;
    Ok((StatusCode::ACCEPTED, Json(WorkflowView::new(&app, &after.value).await?)))
}
