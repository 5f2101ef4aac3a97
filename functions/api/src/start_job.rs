//! What every generating route does once its request is valid: accept, tell the lane, wait if asked to, answer.

use std::time::Duration;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use likeness_core::{
    steps::accept::{Declined, DryRun, Order},
    store::{Acceptance, Idempotency, JobView as Stored},
};
use likeness_domain::{
    id::JobId,
    kind::Kind,
    limit::{Account, Allowance, EndUser},
    money::Usd,
};
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::{
    access::{Permission, Project},
    app::App,
    headers::{cache::CACHE_HIT, options::Options, rate_limit::RateLimit},
    problem::{ApiError, FieldError},
    quote,
    request::{
        body::JsonBody,
        dry_run::Mode,
        errors::Errors,
        kinds::{AsksFor, tuned::Tuned},
        pointer::pointer,
        reachable,
    },
    views::{
        job::{JobView, location},
        result::ResultView,
    },
};

/// A valid request of a caller with the right to make it.
pub(crate) struct Request {
    pub(crate) order: Order,
    idempotency: Option<Idempotency>,
    wait: Option<Duration>,
}

/// A job that stands for a request.
pub(crate) struct Started {
    pub(crate) stored: Stored,
    /// An earlier request was the same, and its job answers this one.
    pub(crate) cached: bool,
    pub(crate) rate_limit: RateLimit,
}

impl Started {
    /// One that is under way already.
    pub(crate) fn again(stored: Stored) -> Self {
        Self { stored, cached: false, rate_limit: RateLimit::default() }
    }
}

/// What a body asks for, as far as it could be read, and what is wrong with it.
pub(crate) struct Asked {
    pub(crate) kind: Option<Kind>,
    /// For whom an app asks.
    pub(crate) end_user: Option<EndUser>,
    pub(crate) errors: Errors,
    /// Of the body.
    pub(crate) sha256: String,
}

impl Asked {
    /// For what `body` asks for.
    pub(crate) fn by<T>(body: JsonBody<Tuned<T>>, app: &App) -> Self
    where
        Tuned<T>: AsksFor,
    {
        let (sha256, mut end_user) = (body.sha256.clone(), None);
        let (kind, errors) = body.checked(|body, errors| {
            end_user = errors.end_user(body.end_user.as_deref());
            body.kind(errors, app.wording())
        });
        Self { kind, end_user, errors, sha256 }
    }
}

impl Request {
    /// Reads from the headers how the caller wants it. `route` tells it from others under the same idempotency key.
    ///
    /// # Errors
    /// Anything is wrong with the request: all of it is told, also what planning it would find.
    pub(crate) async fn new<P: Permission>(
        app: &App,
        project: &Project<P>,
        asked: Asked,
        headers: &HeaderMap,
        route: &str,
    ) -> Result<Self, ApiError> {
        let Asked { kind, end_user, mut errors, sha256 } = asked;
        let Options { may_be_cached, cancel_after, idempotency, wait } =
            Options::read(headers, route, &sha256, &mut errors)?;
        let Some(kind) = kind else { return Err(errors.refusal()) };
        let account = project.caller.account(&project.id, end_user);
        let order = Order {
            allowance: allowance(app, project, &account),
            account,
            kind,
            metadata: None,
            may_be_cached,
            may_answer: true,
            step_of: None,
            cancel_after,
        };
        if !errors.is_empty() {
            for fault in faults(app, &order).await? {
                errors.push(fault);
            }
            return Err(errors.refusal());
        }
        Ok(Self { order, idempotency, wait })
    }

    /// Waits for the result, also without a header that says so.
    pub(crate) fn with_wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait.or(self.wait);
        self
    }

    /// With what is given back with the job. Where that is the caller's `own`, an earlier job, which has another's,
    /// does not answer it, and its job answers no other request.
    pub(crate) fn with_metadata(mut self, metadata: Option<Value>, own: bool) -> Self {
        self.order.metadata = metadata;
        self.order.may_be_cached &= !own;
        self.order.may_answer &= !own;
        self
    }
}

/// Every limit that holds for a request on `account`.
pub(crate) fn allowance<P>(app: &App, project: &Project<P>, account: &Account) -> Allowance {
    let (settings, key) = (&project.settings, project.caller.key.as_ref().map(|key| key.limits));
    Allowance::of(account, app.user_windows, key, &settings.limits, &settings.budgets)
}

/// What planning finds wrong with a request that is refused in any case, so that the caller hears of it now. Nothing is
/// written.
async fn faults(app: &App, order: &Order) -> Result<Vec<FieldError>, ApiError> {
    match app.acceptor.dry_run(order, app.clock.now()).await {
        Ok(_) | Err(Declined::LaneFull { .. } | Declined::Exceeded { .. }) => Ok(Vec::new()),
        Err(declined @ (Declined::Unfit(_) | Declined::NotReady { .. })) => match ApiError::from(declined) {
            ApiError::Unprocessable(errors) | ApiError::NotReady(errors) => Ok(errors),
            error => Err(error),
        },
        Err(Declined::Store(error)) => Err(error.into()),
    }
}

/// Accepts the request, or finds that it was accepted before, and answers with the job; or only prices it.
pub(crate) async fn start_job(app: &App, request: Request, mode: Mode) -> Result<Response, ApiError> {
    if mode == Mode::Price {
        return quote::of_request(app, &request).await;
    }
    let started = accept(app, &request).await?;
    respond(app, started, request.wait).await
}

/// Waits for the job if asked to, and answers with it.
pub(crate) async fn respond(app: &App, started: Started, wait: Option<Duration>) -> Result<Response, ApiError> {
    let stored = match wait {
        Some(wait) => wait_for(app, started.stored, wait).await?,
        None => started.stored,
    };
    let mut view = JobView::new(app, &stored).await?;
    view.cached = started.cached;
    let mut response = answer(view, wait);
    started.rate_limit.write_to(response.headers_mut());
    Ok(response)
}

/// Accepts the request: as its idempotency key says, as an earlier job, or as a job of its own.
pub(crate) async fn accept(app: &App, request: &Request) -> Result<Started, ApiError> {
    let Request { order, idempotency, .. } = request;
    // Another request may create the same subject or use the same key at this moment: read again and decide anew.
    let (mut tries, mut is_reachable) = (app.store.tries("the subject"), false);
    loop {
        let now = app.clock.now();
        if let Some(idempotency) = idempotency
            && let Some(replayed) = app.store.replay(&order.account.project, idempotency, now).await?
        {
            return replay(app, order, &replayed, now).await;
        }
        let outcome = match app.acceptor.dry_run(order, now).await {
            Ok(outcome) => outcome,
            Err(declined) => return Err(refusal(app, order, declined).await),
        };
        let (accepted, started) = match outcome {
            DryRun::Reused(mut earlier) => {
                // Another's.
                earlier.job.value.metadata = None;
                let id = earlier.job.value.id;
                let accepted = app.store.accept_cached(&order.account.project, id, idempotency.as_ref(), now).await?;
                let rate_limit = standing(app, order, now).await?;
                (accepted, Started { stored: *earlier, cached: true, rate_limit })
            }
            DryRun::New(planned, reading) => {
                // DNS is asked for what is new, and once.
                if !is_reachable {
                    reachable::check(app, std::iter::once(("", &order.kind))).await?;
                    is_reachable = true;
                }
                let created =
                    app.acceptor.create(order, *planned, &reading, idempotency.as_ref(), |_| None, now).await?;
                let rate_limit = RateLimit::of(&reading, true, now);
                (created.acceptance, Started { stored: created.view, cached: false, rate_limit })
            }
        };
        match accepted {
            Acceptance::Accepted => return Ok(started),
            Acceptance::Conflict => tries.again().await?,
            known @ (Acceptance::Replayed(_) | Acceptance::KeyReused) => {
                return replay(app, order, &known, now).await;
            }
        }
    }
}

/// What planning refuses, and with it the addresses that fal could not be sent to: all faults at once.
async fn refusal(app: &App, order: &Order, declined: Declined) -> ApiError {
    match ApiError::from(declined) {
        ApiError::Unprocessable(mut errors) => {
            if let Err(ApiError::Unprocessable(more)) = reachable::check(app, std::iter::once(("", &order.kind))).await
            {
                errors.extend(more);
            }
            ApiError::Unprocessable(errors)
        }
        other => other,
    }
}

/// The job that the request was accepted as before.
async fn replay(app: &App, order: &Order, known: &Acceptance, now: Timestamp) -> Result<Started, ApiError> {
    let stored = replayed(app, known).await?;
    Ok(Started { stored, cached: false, rate_limit: standing(app, order, now).await? })
}

/// Where the caller of a request that takes nothing stands.
async fn standing(app: &App, order: &Order, now: Timestamp) -> Result<RateLimit, ApiError> {
    let taking = order.taking(Some(Usd::ZERO), now);
    if taking.allowance.rates.iter().all(|rate| rate.counts(&taking.draw) == 0) {
        return Ok(RateLimit::default());
    }
    Ok(RateLimit::of(&app.store.read_meters(taking, now).await?, false, now))
}

/// The job that an idempotency key stands for.
pub(crate) async fn replayed(app: &App, known: &Acceptance) -> Result<Stored, ApiError> {
    match known {
        Acceptance::Replayed(job) => read(app, *job).await,
        Acceptance::KeyReused => Err(ApiError::KeyReused),
        Acceptance::Accepted | Acceptance::Conflict => Err(ApiError::NotFound { what: "job" }),
    }
}

impl From<Declined> for ApiError {
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::Unfit(unfit) => {
                let errors = unfit.each().map(|unfit| FieldError::body(pointer(unfit.field), unfit.detail));
                Self::Unprocessable(errors.collect())
            }
            Declined::NotReady { field, detail } => Self::NotReady(vec![FieldError::body(pointer(field), detail)]),
            Declined::LaneFull { lane, room_in } => Self::LaneFull { lane, room_in },
            Declined::Exceeded { exceeded, reading } => Self::Exceeded { exceeded, reading },
            Declined::Store(error) => error.into(),
        }
    }
}

async fn read(app: &App, job: JobId) -> Result<Stored, ApiError> {
    app.store.job(job).await?.ok_or(ApiError::NotFound { what: "job" })
}

/// Reads the job until it has ended or the time is up; more seldom the longer it takes.
pub(crate) async fn wait_for(app: &App, mut stored: Stored, wait: Duration) -> Result<Stored, ApiError> {
    let end = Instant::now() + wait;
    let mut pause = Duration::from_millis(50);
    while stored.job.value.ending().is_none() && Instant::now() < end {
        sleep_until(end.min(Instant::now() + pause)).await;
        pause = (pause * 5 / 4).min(Duration::from_millis(500));
        stored = read(app, stored.job.value.id).await?;
    }
    Ok(stored)
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
    let (ended, cached) = (view.progress == 100, view.cached);
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
    if cached {
        headers.insert(CACHE_HIT.0, HeaderValue::from_static(CACHE_HIT.1));
    }
    if let Some(wait) = wait
        && let Ok(value) = HeaderValue::from_str(&format!("wait={}", wait.as_secs()))
    {
        headers.insert(HeaderName::from_static("preference-applied"), value);
    }
    response
}
