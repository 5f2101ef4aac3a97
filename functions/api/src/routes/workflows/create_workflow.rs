//! `POST /api/v1/projects/{project}/workflows`: several jobs in one request, each after those whose results it names.
//!
//! Journey: `tests/it/journeys/workflow.rs`.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use likeness_core::{
    steps::accept::{Planned, PlannedStep, StepDeclined},
    store::{Acceptance, Taking},
};
use likeness_domain::{
    id::{ProjectId, WorkflowId},
    limit::Draw,
    workflow::Workflow,
};
use serde::Deserialize;

use crate::{
    access::{Generate, Project},
    app::App,
    headers::{options::Options, prefer},
    problem::ApiError,
    request::{body::JsonBody, reachable},
    routes::workflows::{
        go_on, has_ended,
        steps::{Chain, CreateStep, chain},
        wait_for,
    },
    start_job::allowance,
    views::workflow::{WorkflowView, location},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateWorkflow {
    steps: Vec<CreateStep>,
    /// For whom an app asks.
    end_user: Option<String>,
}

pub(crate) async fn create_workflow(
    State(app): State<Arc<App>>,
    project: Project<Generate>,
    headers: HeaderMap,
    body: JsonBody<CreateWorkflow>,
) -> Result<Response, ApiError> {
    let (sha256, mut end_user) = (body.sha256.clone(), None);
    let (steps, mut errors) = body.checked(|body: CreateWorkflow, errors| {
        end_user = errors.end_user(body.end_user.as_deref());
        Some(chain(body.steps, app.wording(), errors))
    });
    let account = project.caller.account(&project.id, end_user);
    let allowance = allowance(&app, &project, &account);
    let project = project.id;
    let Options { may_be_cached, cancel_after, idempotency, wait } =
        Options::read(&headers, "workflows", &sha256, &mut errors)?;
    errors.finish()?;
    let Chain { mut steps, places } = steps.unwrap_or_default();
    let now = app.clock.now();
    if let Some(idempotency) = &idempotency {
        match app.store.replay_workflow(&project, idempotency, now).await? {
            Some(Acceptance::Replayed(earlier)) => return answer(&app, &project, earlier, wait).await,
            Some(Acceptance::KeyReused) => return Err(ApiError::KeyReused),
            Some(Acceptance::Accepted | Acceptance::Conflict) | None => {}
        }
    }
    let dry_run = app.acceptor.dry_run_workflow(&project, &steps, may_be_cached, now).await;
    let planned = dry_run.map_err(|StepDeclined { step, why }| {
        ApiError::from(why).pointing(|pointer| format!("{}/input{pointer}", places[step]))
    })?;
    let inputs: Vec<String> = places.iter().map(|place| format!("{place}/input")).collect();
    reachable::check(&app, steps.iter().zip(&inputs).map(|(step, place)| (place.as_str(), &step.kind))).await?;
    for (step, planned) in steps.iter_mut().zip(&planned) {
        step.held = planned.planned.plan.quote;
    }
    let taking = Taking::new(account.clone(), allowance, draw(&planned), now);
    let reading = app.acceptor.allowed(taking, now).await?;
    let workflow = Workflow {
        id: WorkflowId::new(now, &app.rng),
        project: project.clone(),
        created_by: account.user,
        key: account.key,
        end_user: account.end_user,
        created_at: now,
        steps,
        may_be_cached,
        deadline: cancel_after.map(|after| now + after),
        state: Workflow::opened(now),
    };
    let id = match app.store.accept_workflow(&workflow, idempotency.as_ref(), &reading, now).await? {
        Acceptance::Accepted => workflow.id,
        Acceptance::Replayed(earlier) => earlier,
        Acceptance::KeyReused => return Err(ApiError::KeyReused),
        // An id has 80 random bits.
        Acceptance::Conflict => return Err(ApiError::Contended { what: "the workflow".to_owned() }),
    };
    answer(&app, &project, id, wait).await
}

/// What the steps take together. What an earlier job answers takes nothing.
fn draw(planned: &[PlannedStep]) -> Draw {
    let new = planned.iter().filter(|step| !step.reused);
    let draws = new.map(|PlannedStep { planned: Planned { kind, plan }, .. }| kind.draw(plan.quote));
    draws.fold(Draw::nothing(), |sum, draw| Draw {
        requests: sum.requests + draw.requests,
        profiles: sum.profiles + draw.profiles,
        amount: sum.amount.zip(draw.amount).map(|(sum, amount)| sum + amount),
    })
}

async fn answer(app: &App, project: &ProjectId, id: WorkflowId, wait: Option<Duration>) -> Result<Response, ApiError> {
    go_on(app, id).await;
    let workflow = wait_for(app, project, id, wait.unwrap_or_default()).await?;
    let view = WorkflowView::new(app, &workflow).await?;
    let ended = wait.is_some() && has_ended(&workflow);
    let status = if ended { StatusCode::OK } else { StatusCode::ACCEPTED };
    let headers = ([(header::LOCATION, location(project, id))], prefer::applied(wait));
    Ok((status, headers.0, headers.1, Json(view)).into_response())
}
