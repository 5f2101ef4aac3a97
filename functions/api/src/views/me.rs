//! A caller as it sees itself.

use jiff::Timestamp;
use likeness_core::store::MeterReading;
use likeness_domain::{
    id::{ProjectId, UserId},
    limit::Cap,
    project::{Member, Role, Scope},
};
use serde::Serialize;

use crate::{
    headers::rate_limit::{RateLimit, Standing},
    problem::end_of,
    views::{key::KeyView, time::Time},
};

/// Who it is, what it may do, and what is left of what it may ask for and spend.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeView {
    pub(crate) user_id: UserId,
    /// `null` for a user who signed in.
    pub(crate) key: Option<KeyView>,
    pub(crate) scopes: Vec<Scope>,
    /// A hundred at most.
    pub(crate) projects: Vec<PlaceView>,
    pub(crate) has_more_projects: bool,
    /// What holds in every project; a project may have windows of its own, and budgets.
    pub(crate) limits: StandingsView,
}

/// A project with the role in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlaceView {
    id: ProjectId,
    role: Role,
}

#[derive(Debug, Serialize)]
pub(crate) struct StandingsView {
    windows: Vec<WindowStandingView>,
    caps: Vec<CapStandingView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WindowStandingView {
    name: &'static str,
    requests: u16,
    seconds: u32,
    left: u16,
    /// When more is left than now; `null` where all of it is.
    resets_at: Option<Time>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CapStandingView {
    of: &'static str,
    period: &'static str,
    /// Dollars, as what is left.
    cap: f64,
    left: f64,
    resets_at: Time,
}

impl From<Member> for PlaceView {
    fn from(member: Member) -> Self {
        Self { id: member.project, role: member.role }
    }
}

impl StandingsView {
    /// As it stands after what was read.
    pub(crate) fn of(reading: &MeterReading) -> Self {
        let now = reading.read_at;
        let windows = RateLimit::of(reading, false, now).0.into_iter().map(|standing| window(&standing, now));
        let caps = reading.taking.allowance.caps.iter().map(|cap| {
            let Cap { of, period, most } = *cap;
            CapStandingView {
                of: of.as_str(),
                period: period.as_str(),
                cap: most.dollars(),
                left: (most - reading.meters.committed(of, period)).dollars(),
                resets_at: end_of(period, now).into(),
            }
        });
        Self { windows: windows.collect(), caps: caps.collect() }
    }
}

fn window(standing: &Standing, now: Timestamp) -> WindowStandingView {
    WindowStandingView {
        name: standing.name,
        requests: standing.window.requests,
        seconds: standing.window.seconds,
        left: standing.remaining,
        resets_at: (!standing.reset.is_zero()).then(|| (now + standing.reset).into()),
    }
}
