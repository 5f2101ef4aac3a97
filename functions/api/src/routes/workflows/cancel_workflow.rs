//! `POST /api/v1/projects/{project}/workflows/{workflow}/cancel`: steps that have not begun are dropped; of the others,
//! shots that wait are taken back and those in flight are called off at fal.
//!
//! Journey: `tests/it/journeys/workflow.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use likeness_core::{job::TakenBack, store::Saved, take_back::take_back, workflow::WorkflowState};

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
    let canceled = loop {
        let before = of_project(&app, &project, &workflow).await?;
        if let WorkflowState::Ended { .. } = before.value.state {
            return Err(ApiError::Conflict { detail: "the workflow has ended".to_owned() });
        }
        let after = before.value.canceled(app.clock.now());
        // A step that began meanwhile is one whose job has to be taken back.
        if app.store.save_workflow(&after, before.revision).await? == Saved::Yes {
            break after;
        }
    };
    for job in canceled.jobs() {
        take_back(&app.store, &app.intake.queues, job, TakenBack::Caller, app.clock.now()).await?;
    }
    go_on(&app, canceled.id).await;
    let after = of_project(&app, &project, &workflow).await?;
    Ok((StatusCode::ACCEPTED, Json(WorkflowView::new(&app, &after.value).await?)))
}
