//! `POST /api/v1/projects/{project}/workflows/{workflow}/cancel`: steps that have not begun are dropped; of the others,
//! shots that wait are taken back and those in flight are called off at fal.
//!
//! Journey: `tests/it/journeys/workflow.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use likeness_core::{steps::cancel::request_cancel, store::Changed};
use likeness_domain::{id::WorkflowId, job::CanceledBy, workflow::WorkflowState};

use crate::{
    access::{Generate, Project},
    app::App,
    headers::{
        idempotency::idempotency,
        once::{Owner, claim},
    },
    problem::ApiError,
    request::path::Named,
    routes::workflows::{go_on, of_project},
    views::workflow::WorkflowView,
};

pub(crate) async fn cancel_workflow(
    State(app): State<Arc<App>>,
    Project { id: project, .. }: Project<Generate>,
    Named(id): Named<WorkflowId>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<WorkflowView>), ApiError> {
    let idempotency = idempotency(&headers, &format!("workflows/{id}/cancel"), "")?;
    let once = claim(&app, Owner::Project(&project), idempotency.as_ref(), id, app.clock.now()).await?;
    let before = of_project(&app, &project, id).await?;
    let now = app.clock.now();
    // Decided anew where a step began meanwhile: its job has to be taken back too.
    let canceled = app.store.change_workflow(id, |workflow| match workflow.state {
        WorkflowState::Ended { .. } => Err(ApiError::Conflict { detail: "the workflow has ended".to_owned() }),
        WorkflowState::Open { .. } => Ok(workflow.canceled(now)),
    });
    let canceled = match canceled.await? {
        Changed::Done(canceled) => canceled.value,
        Changed::Unchanged(_) if !once.first => {
            return Ok((StatusCode::ACCEPTED, Json(WorkflowView::new(&app, &before.value).await?)));
        }
        Changed::Unchanged(error) => return Err(error),
        Changed::Gone => return Err(ApiError::NotFound { what: "workflow" }),
    };
    for job in canceled.jobs() {
        request_cancel(&app.store, &app.acceptor.queues, job, CanceledBy::Caller, app.clock.now()).await?;
    }
    go_on(&app, canceled.id).await;
    let after = of_project(&app, &project, id).await?;
    Ok((StatusCode::ACCEPTED, Json(WorkflowView::new(&app, &after.value).await?)))
}
