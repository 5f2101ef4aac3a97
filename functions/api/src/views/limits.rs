//! Windows on requests and caps on money, as clients see them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use likeness_core::store::{Committed, CommittedOf};
use likeness_domain::{
    id::UserId,
    limit::{Budgets, Caps, Period, ProjectLimits, UserWindows, Window, reached},
    money::Usd,
};
use serde::Serialize;

use crate::{problem::end_of, views::time::Time};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectLimitsView {
    /// `null`: those of the deployment.
    per_user: Option<UserWindowsView>,
    per_end_user: Option<WindowView>,
    deployment: UserWindowsView,
}

/// `null`: no limit.
#[derive(Debug, Serialize)]
pub(crate) struct UserWindowsView {
    requests: Option<WindowView>,
    profiles: Option<WindowView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct WindowView {
    requests: u16,
    seconds: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BudgetsView {
    project: SpentView,
    /// The caps of each user that is not named in `users`.
    per_user: CapsView,
    users: BTreeMap<UserId, SpentView>,
    per_end_user: CapsView,
    allow_unknown_price: bool,
    currency: &'static str,
}

/// In dollars; `null`: no cap.
#[derive(Debug, Serialize)]
pub(crate) struct CapsView {
    day: Option<f64>,
    month: Option<f64>,
}

/// What of the caps is used.
#[derive(Debug, Serialize)]
struct SpentView {
    day: SpentOfView,
    month: SpentOfView,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SpentOfView {
    /// Dollars, as the others; `null`: no cap.
    cap: Option<f64>,
    /// Reserved and settled.
    committed: f64,
    left: Option<f64>,
    resets_at: Time,
    /// The thresholds that are passed, in per cent of the cap.
    reached: Vec<u64>,
}

impl ProjectLimitsView {
    pub(crate) fn new(limits: &ProjectLimits, deployment: UserWindows) -> Self {
        Self {
            per_user: limits.per_user.map(Into::into),
            per_end_user: limits.per_end_user.map(Into::into),
            deployment: deployment.into(),
        }
    }
}

impl BudgetsView {
    pub(crate) fn new(budgets: &Budgets, committed: &Committed, now: Timestamp) -> Self {
        let users = budgets.users.iter().map(|(user, caps)| {
            let of_user = committed.users.get(user).copied().unwrap_or_default();
            (user.clone(), SpentView::new(*caps, of_user, now))
        });
        Self {
            project: SpentView::new(budgets.project, committed.project, now),
            per_user: budgets.per_user.into(),
            users: users.collect(),
            per_end_user: budgets.per_end_user.into(),
            allow_unknown_price: budgets.allow_unknown_price,
            currency: "USD",
        }
    }
}

impl SpentView {
    fn new(caps: Caps, committed: CommittedOf, now: Timestamp) -> Self {
        Self {
            day: SpentOfView::new(caps.day, committed.day, Period::Day, now),
            month: SpentOfView::new(caps.month, committed.month, Period::Month, now),
        }
    }
}

impl SpentOfView {
    fn new(cap: Option<Usd>, committed: Usd, period: Period, now: Timestamp) -> Self {
        Self {
            cap: cap.map(Usd::dollars),
            committed: committed.dollars(),
            left: cap.map(|cap| (cap - committed).dollars()),
            resets_at: end_of(period, now).into(),
            reached: cap.map(|cap| reached(cap, committed).collect()).unwrap_or_default(),
        }
    }
}

impl From<Caps> for CapsView {
    fn from(Caps { day, month }: Caps) -> Self {
        Self { day: day.map(Usd::dollars), month: month.map(Usd::dollars) }
    }
}

impl From<UserWindows> for UserWindowsView {
    fn from(UserWindows { requests, profiles }: UserWindows) -> Self {
        Self { requests: requests.map(Into::into), profiles: profiles.map(Into::into) }
    }
}

impl From<Window> for WindowView {
    fn from(Window { requests, seconds }: Window) -> Self {
        Self { requests, seconds }
    }
}
