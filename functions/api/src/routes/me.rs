//! `GET /api/v1/me`: who the caller is, what it may do, and what is left.
//!
//! Journey: `tests/it/journeys/keys.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use likeness_core::store::Taking;
use likeness_domain::{
    id::{InvalidId, ProjectId},
    limit::{Allowance, Budgets, Draw, ProjectLimits},
    money::Usd,
};

use crate::{
    access::Caller,
    app::App,
    problem::ApiError,
    views::{
        key::KeyView,
        me::{MeView, PlaceView, StandingsView},
    },
};

/// Most projects of one answer; the list of projects has all.
const MOST_PROJECTS: usize = 100;

pub(crate) async fn me(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<MeView>, ApiError> {
    let now = app.clock.now();
    let places = app.store.memberships_of(&caller.user, caller.only(), None, MOST_PROJECTS).await?;
    let reading = app.store.read_meters(taking(&app, &caller, now)?, now).await?;
    Ok(Json(MeView {
        user_id: caller.user,
        key: caller.key.map(KeyView::from),
        scopes: caller.scopes,
        projects: places.items.into_iter().map(PlaceView::from).collect(),
        has_more_projects: places.next.is_some(),
        limits: StandingsView::of(&reading),
    }))
}

/// One request of each sort, so that each window that counts any is told.
fn taking(app: &App, caller: &Caller, now: Timestamp) -> Result<Taking, ApiError> {
    // An account is always in a project. Of this one, whether or not it exists, nothing is told: it has no limits here.
    let project: ProjectId = "none".parse().map_err(|error: InvalidId| ApiError::Internal(Box::new(error)))?;
    let (account, key) = (caller.account(&project, None), caller.key.as_ref().map(|key| key.limits));
    let allowance = Allowance::of(&account, app.user_windows, key, &ProjectLimits::default(), &Budgets::default());
    let draw = Draw { requests: 1, profiles: 1, amount: Some(Usd::ZERO) };
    Ok(Taking::new(account, allowance, draw, now))
}
