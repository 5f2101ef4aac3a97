//! What every generating route does once its request is valid: plan, accept, tell the lane, wait if asked to.

use std::time::Duration;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use likeness_core::{
    id::{JobId, ProjectId},
    job::Job,
    kind::{Kind, Plan},
    queue::LaneHint,
    shot::{Rank, Shot},
    store::{Acceptance, Idempotency, NewJob},
    subject::{Subject, VisualSpecifications},
};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::{
    access::Caller,
    app::App,
    job_view::{JobView, ResultView, location},
    problem::{ApiError, FieldError},
};

/// A valid request of a caller who may make it.
pub(crate) struct Order {
    pub(crate) caller: Caller,
    pub(crate) project: ProjectId,
    pub(crate) kind: Kind,
    pub(crate) idempotency: Option<Idempotency>,
    pub(crate) wait: Option<Duration>,
}

/// Accepts the order, or finds that it was accepted before, and answers with the job.
pub(crate) async fn start_job(app: &App, order: Order) -> Result<Response, ApiError> {
    let job = accept(app, &order).await?;
    let view = match order.wait {
        Some(wait) => wait_for(app, job, wait).await?,
        None => read(app, job).await?,
    };
    Ok(answer(view, order.wait))
}

/// Writes job, shots and reservation, then tells the lane. The order of the two is what makes a crash harmless.
async fn accept(app: &App, order: &Order) -> Result<JobId, ApiError> {
    // Another request may create the same subject or use the same key at this moment: read again and decide anew.
    for _ in 0..4 {
        let now = app.clock.now();
        if let Some(idempotency) = &order.idempotency
            && let Some(replayed) = app.store.replay(&order.project, idempotency, now).await?
        {
            return replay(&replayed);
        }
        let (job, shots, subject) = plan(app, order).await?;
        let new =
            NewJob { job: &job, shots: &shots, subject: subject.as_ref(), idempotency: order.idempotency.clone() };
        match app.store.accept_job(&new, now).await? {
            Acceptance::Accepted => {
                app.queues.hint_lane(job.kind.lane(), LaneHint::Job(job.id), SignedDuration::ZERO).await;
                return Ok(job.id);
            }
            Acceptance::Conflict => {}
            known @ (Acceptance::Replayed(_) | Acceptance::KeyReused) => return replay(&known),
        }
    }
    Err(ApiError::Conflict { detail: "the subject is being changed by another request; try again".to_owned() })
}

fn replay(known: &Acceptance) -> Result<JobId, ApiError> {
    match known {
        Acceptance::Replayed(job) => Ok(*job),
        Acceptance::KeyReused => Err(ApiError::KeyReused),
        Acceptance::Accepted | Acceptance::Conflict => Err(ApiError::NotFound { what: "job" }),
    }
}

async fn plan(app: &App, order: &Order) -> Result<(Job, Vec<Shot>, Option<Subject>), ApiError> {
    let now = app.clock.now();
    let mut kind = order.kind.clone();
    let existing = match kind.subject() {
        Some(subject) => app.store.subject(&order.project, subject).await?.map(|subject| subject.value),
        None => None,
    };
    let new_subject = subject_of(order, existing.as_ref(), now)?;
    let Plan { recipes, quote, ignored } = kind.plan(existing.as_ref(), &app.entropy);
    let count = u16::try_from(recipes.len()).map_err(|error| ApiError::Internal(Box::new(error)))?;
    let served = app.store.gate().await?.turn;
    let first_turn = app.store.take_turns(&order.project, count, served).await?;
    let id = JobId::new(now, &app.entropy);
    let (priority, lane) = (kind.priority(), kind.lane());
    let shots = (0..count).zip(recipes).map(|(ordinal, recipe)| {
        let rank = Rank { priority, turn: first_turn + u64::from(ordinal) };
        Shot::new(id.shot(ordinal), order.project.clone(), lane, rank, recipe)
    });
    let shots = shots.collect();
    let job = Job {
        id,
        project: order.project.clone(),
        kind,
        created_by: order.caller.user.clone(),
        created_at: now,
        shots: count,
        reserved: quote,
        ignored,
        state: Job::opened(now),
    };
    Ok((job, shots, new_subject))
}

/// The subject that comes into being with a master reference, or the error that it is something else already.
fn subject_of(order: &Order, existing: Option<&Subject>, now: jiff::Timestamp) -> Result<Option<Subject>, ApiError> {
    let Kind::Master(master) = &order.kind;
    match existing {
        Some(subject) if subject.subject_type != master.subject_type => {
            let detail = format!("the subject {} is a {}", subject.id, subject.subject_type.as_str());
            Err(FieldError::body("/subjectType", detail).into())
        }
        Some(_) => Ok(None),
        None => Ok(Some(Subject {
            id: master.subject_id.clone(),
            project: order.project.clone(),
            subject_type: master.subject_type,
            description: master.description.clone(),
            specifications: VisualSpecifications::default(),
            created_at: now,
            updated_at: now,
        })),
    }
}

async fn read(app: &App, job: JobId) -> Result<JobView, ApiError> {
    let stored = app.store.job(job).await?.ok_or(ApiError::NotFound { what: "job" })?;
    JobView::new(app, &stored).await
}

/// Reads the job until it has ended or the time is up; more seldom the longer it takes.
async fn wait_for(app: &App, job: JobId, wait: Duration) -> Result<JobView, ApiError> {
    let end = Instant::now() + wait;
    let mut pause = Duration::from_millis(50);
    loop {
        let stored = app.store.job(job).await?.ok_or(ApiError::NotFound { what: "job" })?;
        if stored.job.value.ending().is_some() || Instant::now() >= end {
            return JobView::new(app, &stored).await;
        }
        sleep_until(end.min(Instant::now() + pause)).await;
        pause = (pause * 5 / 4).min(Duration::from_millis(500));
    }
}

/// The result at the top, the job beside it.
#[derive(Serialize)]
struct Finished<'a> {
    #[serde(flatten)]
    result: ResultView,
    #[serde(flatten)]
    job: &'a JobView,
}

fn answer(mut view: JobView, wait: Option<Duration>) -> Response {
    let ended = view.progress == 100;
    let location = location(view.job_id);
    let mut response = match (view.result.take(), wait) {
        (Some(result), Some(_)) => Json(Finished { result, job: &view }).into_response(),
        (result, _) => {
            view.result = result;
            Json(view).into_response()
        }
    };
    *response.status_mut() = if wait.is_some() && ended { StatusCode::OK } else { StatusCode::ACCEPTED };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&location) {
        headers.insert(header::LOCATION, value);
    }
    if let Some(wait) = wait
        && let Ok(value) = HeaderValue::from_str(&format!("wait={}", wait.as_secs()))
    {
        headers.insert(HeaderName::from_static("preference-applied"), value);
    }
    response
}
