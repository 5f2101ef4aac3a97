//! `POST /api/v1/projects/{project}/workflows`: several jobs in one request, each after those whose results it names.
//!
//! Journey: `tests/it/journeys/workflow.rs`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use likeness_core::{
    id::{ProjectId, WorkflowId},
    steps::accept::StepDeclined,
    store::Acceptance,
    workflow::Workflow,
};
use serde::Deserialize;

use crate::{
    access::{Action, Caller},
    app::App,
    headers::{cancel_after::cancel_after, idempotency::idempotency},
    problem::ApiError,
    request::{body::JsonBody, extract::Path, reachable},
    routes::workflows::{
        go_on, of_project,
        steps::{CreateStep, chain},
    },
    start_job::may_be_cached,
    views::workflow::{WorkflowView, location},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWorkflow {
    steps: Vec<CreateStep>,
}

pub(crate) async fn create_workflow(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: JsonBody<CreateWorkflow>,
) -> Result<Response, ApiError> {
    let project = caller.may(&app, Action::Generate, &project).await?;
    let (steps, places) = chain(body.value.steps, app.wording())?;
    let idempotency = idempotency(&headers, "workflows", &body.sha256)?;
    let cancel_after = cancel_after(&headers)?;
    let now = app.clock.now();
    if let Some(idempotency) = &idempotency {
        match app.store.replay_workflow(&project, idempotency, now).await? {
            Some(Acceptance::Replayed(earlier)) => return answer(&app, &project, earlier).await,
            Some(Acceptance::KeyReused) => return Err(ApiError::KeyReused),
            Some(Acceptance::Accepted | Acceptance::Conflict) | None => {}
        }
    }
    let cached = may_be_cached(&headers);
    let dry_run = app.acceptor.dry_run_workflow(&project, &steps, cached, now).await;
    dry_run.map_err(|StepDeclined { step, why }| {
        ApiError::from(why).pointing(|pointer| format!("{}/input{pointer}", places[step]))
    })?;
    let inputs: Vec<String> = places.iter().map(|place| format!("{place}/input")).collect();
    reachable::check(&app, steps.iter().zip(&inputs).map(|(step, place)| (place.as_str(), &step.kind))).await?;
    let workflow = Workflow {
        id: WorkflowId::new(now, &app.entropy),
        project: project.clone(),
        created_by: caller.user,
        created_at: now,
        steps,
        may_be_cached: cached,
        deadline: cancel_after.map(|after| now + after),
        state: Workflow::opened(now),
    };
    let id = match app.store.accept_workflow(&workflow, idempotency.as_ref(), now).await? {
        Acceptance::Accepted => workflow.id,
        Acceptance::Replayed(earlier) => earlier,
        Acceptance::KeyReused => return Err(ApiError::KeyReused),
        // Nobody else makes an id with 80 bits of chance in it.
        Acceptance::Conflict => return Err(ApiError::Conflict { detail: "try again".to_owned() }),
    };
    answer(&app, &project, id).await
}

async fn answer(app: &App, project: &ProjectId, id: WorkflowId) -> Result<Response, ApiError> {
    go_on(app, id).await;
    let workflow = of_project(app, project, &id.to_string()).await?.value;
    let view = WorkflowView::new(app, &workflow).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location(project, id))], Json(view)).into_response())
}
