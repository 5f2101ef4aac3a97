//! The answer to `?dryRun=true`: what a request may cost at most, and whether it would pass. The steps are those that
//! accept a request, without the one that writes.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use likeness_core::{
    steps::accept::{Declined, PlannedStep},
    store::Taking,
};
use likeness_domain::{
    kind::Kind,
    limit::Draw,
    money::Usd,
    quote::{self, Line},
    workflow::Step,
};

use crate::{
    app::App,
    problem::ApiError,
    request::reachable,
    start_job::Request,
    views::quote::{LaneView, LimitsView, QuoteView, StepView},
};

/// Prices the request of a generating route.
///
/// # Errors
/// The request would be refused for more than a limit.
pub(crate) async fn of_request(app: &App, request: &Request) -> Result<Response, ApiError> {
    let (order, now) = (&request.order, app.clock.now());
    let (planned, earlier) = app.acceptor.prepare(order, now).await?;
    reachable::check(app, std::iter::once(("", &order.kind))).await?;
    if earlier.is_some() {
        let taking = Taking { draw: Draw::nothing(), ..order.taking(Some(Usd::ZERO), now) };
        return answer(app, Vec::new(), taking, &[], now)
            .await
            .map(|view| respond(QuoteView { cache_hit: true, ..view }));
    }
    let taking = order.taking(planned.plan.quote, now);
    answer(app, planned.plan.lines, taking, &[&planned.kind], now).await.map(respond)
}

/// Prices opening a job again.
///
/// # Errors
/// The table was out of reach.
pub(crate) async fn of_retry(
    app: &App,
    lines: Vec<Line>,
    taking: Taking,
    kind: &Kind,
    now: Timestamp,
) -> Result<Response, ApiError> {
    answer(app, lines, taking, &[kind], now).await.map(respond)
}

/// Prices a workflow of which each step was planned.
///
/// # Errors
/// The table was out of reach.
pub(crate) async fn of_workflow(
    app: &App,
    steps: &[Step],
    planned: Vec<PlannedStep>,
    taking: Taking,
    now: Timestamp,
) -> Result<Response, ApiError> {
    let views = steps.iter().zip(&planned).map(|(step, PlannedStep { planned, reused })| StepView {
        id: step.name.clone(),
        estimated_cost: if *reused { Some(0.0) } else { planned.plan.quote.map(Usd::dollars) },
        cache_hit: *reused,
    });
    let views: Vec<_> = views.collect();
    let cache_hit = planned.iter().all(|step| step.reused);
    let new = planned.into_iter().filter(|step| !step.reused);
    let lines = quote::merged(new.flat_map(|step| step.planned.plan.lines));
    // That those which begin at once find room was seen when they were planned.
    let view = answer(app, lines, taking, &[], now).await?;
    Ok(respond(QuoteView { cache_hit, steps: views, ..view }))
}

async fn answer(
    app: &App,
    lines: Vec<Line>,
    taking: Taking,
    kinds: &[&Kind],
    now: Timestamp,
) -> Result<QuoteView, ApiError> {
    let mut lanes = Vec::new();
    for kind in kinds {
        lanes.extend(lane(app, kind, now).await?);
    }
    let reading = app.store.read_meters(taking, now).await?;
    Ok(QuoteView {
        dry_run: true,
        estimated_cost: quote::total(&lines).map(Usd::dollars),
        currency: "USD",
        per_model: lines.into_iter().map(Into::into).collect(),
        limits: LimitsView::new(&reading, lanes),
        cache_hit: false,
        steps: Vec::new(),
    })
}

/// Whether the lane of `kind` has room; `None` without a lane.
async fn lane(app: &App, kind: &Kind, now: Timestamp) -> Result<Option<LaneView>, ApiError> {
    let Some(lane) = kind.lane() else { return Ok(None) };
    let view = |allowed, retry_after_seconds| LaneView { lane: lane.name(), allowed, retry_after_seconds };
    match app.acceptor.room(kind, false, now).await {
        Ok(()) => Ok(Some(view(true, None))),
        Err(Declined::LaneFull { room_in, .. }) => {
            Ok(Some(view(false, Some(u64::try_from(room_in.as_secs()).unwrap_or_default().max(1)))))
        }
        Err(other) => Err(other.into()),
    }
}

fn respond(view: QuoteView) -> Response {
    Json(view).into_response()
}
