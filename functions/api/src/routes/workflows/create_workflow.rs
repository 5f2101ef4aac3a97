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
use jiff::{SignedDuration, Timestamp};
use likeness_core::{
    steps::accept::{Planned, PlannedStep, StepDeclined},
    store::{Acceptance, Idempotency, Taking},
};
use likeness_domain::{
    id::{ProjectId, WorkflowId},
    limit::{Account, Allowance, Draw},
    money::Usd,
    workflow::{Step, Workflow},
};
use serde::Deserialize;

use crate::{
    access::{Generate, Project},
    app::App,
    headers::{options::Options, prefer, rate_limit::RateLimit},
    problem::ApiError,
    quote,
    request::{body::JsonBody, dry_run::Mode, reachable},
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
    mode: Mode,
    headers: HeaderMap,
    body: JsonBody<CreateWorkflow>,
) -> Result<Response, ApiError> {
    let (sha256, mut end_user) = (body.sha256.clone(), None);
    let (steps, mut errors) = body.checked(|body: CreateWorkflow, errors| {
        end_user = errors.end_user(body.end_user.as_deref());
        Some(chain(body.steps, app.wording(), errors))
    });
    let account = project.caller.account(&project.id, end_user);
    let Options { may_be_cached, cancel_after, idempotency, wait } =
        Options::read(&headers, "workflows", &sha256, &mut errors)?;
    errors.finish()?;
    let asked = Asked {
        allowance: allowance(&app, &project, &account),
        account,
        chain: steps.unwrap_or_default(),
        may_be_cached,
        cancel_after,
        idempotency,
    };
    if mode == Mode::Price {
        let now = app.clock.now();
        let (steps, planned, taking) = asked.planned(&app, now).await?;
        return quote::of_workflow(&app, &steps, planned, taking, now).await;
    }
    let (id, rate_limit) = asked.accept(&app).await?;
    let mut response = answer(&app, &project.id, id, wait).await?;
    rate_limit.write_to(response.headers_mut());
    Ok(response)
}

/// A valid request.
struct Asked {
    account: Account,
    allowance: Allowance,
    chain: Chain,
    may_be_cached: bool,
    cancel_after: Option<SignedDuration>,
    idempotency: Option<Idempotency>,
}

impl Asked {
    /// Plans each step, and says what they take together.
    async fn planned(&self, app: &App, now: Timestamp) -> Result<(Vec<Step>, Vec<PlannedStep>, Taking), ApiError> {
        let Chain { steps, places } = &self.chain;
        let dry_run = app.acceptor.dry_run_workflow(&self.account.project, steps, self.may_be_cached, now).await;
        let planned = dry_run.map_err(|StepDeclined { step, why }| {
            ApiError::from(why).pointing(|pointer| format!("{}/input{pointer}", places[step]))
        })?;
        let inputs: Vec<String> = places.iter().map(|place| format!("{place}/input")).collect();
        reachable::check(app, steps.iter().zip(&inputs).map(|(step, place)| (place.as_str(), &step.kind))).await?;
        let draw = draw(&planned);
        let mut steps = steps.clone();
        for (step, planned) in steps.iter_mut().zip(&planned) {
            let quote = if planned.reused { Some(Usd::ZERO) } else { planned.planned.plan.quote };
            // Where one price is unknown the sum is, and nothing is set aside for any.
            step.held = quote.filter(|_| draw.amount.is_some());
        }
        Ok((steps, planned, Taking::new(self.account.clone(), self.allowance.clone(), draw, now)))
    }

    /// Accepts it, or finds that it was accepted before.
    async fn accept(&self, app: &App) -> Result<(WorkflowId, RateLimit), ApiError> {
        let (project, idempotency) = (&self.account.project, self.idempotency.as_ref());
        let mut tries = app.store.tries("the limits");
        loop {
            let now = app.clock.now();
            if let Some(idempotency) = idempotency {
                match app.store.replay_workflow(project, idempotency, now).await? {
                    Some(Acceptance::Replayed(earlier)) => return Ok((earlier, RateLimit::default())),
                    Some(Acceptance::KeyReused) => return Err(ApiError::KeyReused),
                    Some(Acceptance::Accepted | Acceptance::Conflict) | None => {}
                }
            }
            let (steps, _, taking) = self.planned(app, now).await?;
            let reading = app.acceptor.allowed(taking, now).await?;
            let workflow = Workflow {
                id: WorkflowId::new(now, &app.rng),
                project: project.clone(),
                created_by: self.account.user.clone(),
                key: self.account.key,
                end_user: self.account.end_user.clone(),
                created_at: now,
                steps,
                may_be_cached: self.may_be_cached,
                deadline: self.cancel_after.map(|after| now + after),
                state: Workflow::opened(now),
            };
            match app.store.accept_workflow(&workflow, idempotency, &reading, now).await? {
                Acceptance::Accepted => return Ok((workflow.id, RateLimit::of(&reading, true, now))),
                Acceptance::Replayed(earlier) => return Ok((earlier, RateLimit::default())),
                Acceptance::KeyReused => return Err(ApiError::KeyReused),
                Acceptance::Conflict => tries.again().await?,
            }
        }
    }
}

/// What the steps take together. What an earlier job answers takes nothing.
fn draw(planned: &[PlannedStep]) -> Draw {
    let new = planned.iter().filter(|step| !step.reused);
    let draws = new.map(|PlannedStep { planned: Planned { kind, plan }, .. }| kind.draw(plan.quote));
    draws.fold(Draw::nothing(), Draw::and)
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
