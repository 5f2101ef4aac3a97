//! `POST /api/v1/jobs/{job}/retry`: what failed or was canceled is begun anew, in the same job. What is there stays and
//! counts, and what was charged is charged once.
//!
//! Journey: `tests/it/journeys/retry.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use likeness_core::store::{Acceptance, JobView as Stored, Taking};
use likeness_domain::{
    job::{Job, NotReopened},
    limit::Spender,
    shot::Shot,
};

use crate::{
    access::{Generate, JobOf, Project},
    app::App,
    headers::{options::Options, rate_limit::RateLimit},
    problem::ApiError,
    quote,
    request::{dry_run::Mode, errors::Errors},
    start_job::{Started, allowance, replayed, respond},
};

pub(crate) async fn retry_job(
    State(app): State<Arc<App>>,
    JobOf { stored: mut before, project: caller }: JobOf<Generate>,
    mode: Mode,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (id, project) = (before.job.value.id, before.job.value.project.clone());
    let mut errors = Errors::default();
    let Options { wait, cancel_after, idempotency, .. } =
        Options::read(&headers, &format!("jobs/{id}/retry"), "", &mut errors)?;
    errors.finish()?;
    if mode == Mode::Price {
        return price(&app, &caller, &before).await;
    }
    // Another request may open it at this moment, or it may end: read again and decide anew.
    let mut tries = app.store.tries("the job");
    loop {
        let now = app.clock.now();
        if let Some(idempotency) = &idempotency
            && let Some(known) = app.store.replay(&project, idempotency, now).await?
        {
            return respond(&app, Started::again(replayed(&app, &known).await?), wait).await;
        }
        let under_way = before.job.value.ending().is_none() && !before.job.value.is_cancel_requested();
        if under_way && before.job.value.retried_at.is_some() {
            return respond(&app, Started::again(before), wait).await;
        }
        let (open, waiting) = reopened(&app, &before, cancel_after, now).await?;
        let taking = taking(&app, &caller, &before.job.value, &open);
        let reading = app.acceptor.allowed(taking, now).await?;
        match app.store.reopen_job(&before, &open, &waiting, idempotency.as_ref(), &reading, now).await? {
            Acceptance::Accepted => {
                tracing::info!(event = "retried", job.id = %id, shots = waiting.len(), "a job was opened again");
                app.acceptor.announce(&open, now).await;
                let stored = app.store.job(id).await?.ok_or(ApiError::NotFound { what: "job" })?;
                let rate_limit = RateLimit::of(&reading, true, now);
                return respond(&app, Started { stored, cached: false, rate_limit }, wait).await;
            }
            Acceptance::Conflict => {
                tries.again().await?;
                before = app.store.job(id).await?.ok_or(ApiError::NotFound { what: "job" })?;
            }
            known @ (Acceptance::Replayed(_) | Acceptance::KeyReused) => {
                return respond(&app, Started::again(replayed(&app, &known).await?), wait).await;
            }
        }
    }
}

/// Prices it, and writes nothing.
async fn price(app: &App, caller: &Project<Generate>, before: &Stored) -> Result<Response, ApiError> {
    let (job, shots, now) = (&before.job.value, before.plain_shots(), app.clock.now());
    let lines = job.lines_to_reopen(&shots).map_err(|not| refusal(job, not))?;
    let (open, _) = job.reopened(&shots, 0, None, now).map_err(|not| refusal(job, not))?;
    quote::of_retry(app, lines, taking(app, caller, job, &open), &job.kind, now).await
}

/// The job as it is once it is open again, and its shots that wait anew, with turns of their own: they stand in no line
/// any more.
async fn reopened(
    app: &App,
    before: &Stored,
    cancel_after: Option<SignedDuration>,
    now: Timestamp,
) -> Result<(Job, Vec<Shot>), ApiError> {
    let (job, shots) = (&before.job.value, before.plain_shots());
    let count = job.to_reopen(&shots).map_err(|not| refusal(job, not))?.len();
    if count > 0 {
        app.acceptor.room(&job.kind, false, now).await?;
    }
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    let first_turn = app.acceptor.first_turn(&job.project, job.kind.priority(), count).await?;
    let deadline = cancel_after.map(|after| now + after);
    job.reopened(&shots, first_turn, deadline, now).map_err(|not| refusal(job, not))
}

/// What opening it again takes: a request of the caller, and the money of the user that asked for it first, in the day
/// and month in which it was accepted.
fn taking(app: &App, caller: &Project<Generate>, before: &Job, open: &Job) -> Taking {
    let (account, asker) = (before.account(), caller.caller.account(&caller.id, before.end_user.clone()));
    let mut allowance = allowance(app, caller, &asker);
    let of_another_key = asker.key != account.key;
    allowance.caps = self::allowance(app, caller, &account).caps;
    allowance.caps.retain(|cap| cap.of != Spender::Key || !of_another_key);
    Taking {
        asker,
        draw: open.kind.draw(open.reserved),
        instead_of: before.charged(),
        money_at: before.money_at(),
        allowance,
        account,
    }
}

fn refusal(job: &Job, not: NotReopened) -> ApiError {
    let detail = match not {
        NotReopened::Running => "the job is under way: wait for its end, or cancel it".to_owned(),
        NotReopened::Complete => "the job is complete: there is nothing to retry".to_owned(),
        NotReopened::TooOften => "the job was tried too often: make the request anew".to_owned(),
        NotReopened::NothingMissing => format!(
            "no shot of the job failed or was canceled; to have one of its images made anew, regenerate it: \
             POST /api/v1/jobs/{}/shots/{{shot}}/regenerate",
            job.id
        ),
    };
    ApiError::Conflict { detail }
}
