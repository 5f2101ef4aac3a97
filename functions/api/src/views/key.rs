//! An API key as clients see it: never its token, but for the one answer that gives it out.

use std::collections::BTreeSet;

use likeness_domain::{
    id::{KeyId, ProjectId, UserId},
    limit::{Caps, KeyLimits, Window},
    money::Usd,
    project::{ApiKey, ReplacedToken, Scope},
};
use serde::Serialize;

use crate::views::time::Time;

/// A key without its token; `hint` is how the token begins and ends.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyView {
    id: KeyId,
    user_id: UserId,
    name: String,
    scopes: Vec<Scope>,
    hint: String,
    created_at: Time,
    expires_at: Option<Time>,
    revoked_at: Option<Time>,
    /// Noted once in ten minutes.
    last_used_at: Option<Time>,
    limits: KeyLimitsView,
    /// `null`: all of the user's.
    projects: Option<BTreeSet<ProjectId>>,
    /// The token before this one.
    replaced_token: Option<ReplacedTokenView>,
}

/// A key with the token that it was just given.
#[derive(Debug, Serialize)]
pub(crate) struct TokenView {
    pub(crate) token: String,
    #[serde(flatten)]
    pub(crate) key: KeyView,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyLimitsView {
    requests: Option<WindowView>,
    caps: CapsView,
    without_user_windows: bool,
}

#[derive(Debug, Serialize)]
struct WindowView {
    requests: u16,
    seconds: u32,
}

/// Dollars; `null`: no cap.
#[derive(Debug, Serialize)]
struct CapsView {
    day: Option<f64>,
    month: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplacedTokenView {
    hint: String,
    good_until: Time,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            user_id: key.user,
            name: key.name,
            scopes: key.scopes,
            hint: key.hint,
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Time::from),
            revoked_at: key.revoked_at.map(Time::from),
            last_used_at: key.last_used_at.map(Time::from),
            limits: key.limits.into(),
            projects: key.projects,
            replaced_token: key.replaced.map(ReplacedTokenView::from),
        }
    }
}

impl From<KeyLimits> for KeyLimitsView {
    fn from(limits: KeyLimits) -> Self {
        let KeyLimits { without_user_windows, requests, caps: Caps { day, month } } = limits;
        Self {
            requests: requests.map(|Window { requests, seconds }| WindowView { requests, seconds }),
            caps: CapsView { day: day.map(Usd::dollars), month: month.map(Usd::dollars) },
            without_user_windows,
        }
    }
}

impl From<ReplacedToken> for ReplacedTokenView {
    fn from(replaced: ReplacedToken) -> Self {
        Self { hint: replaced.hint, good_until: replaced.good_until.into() }
    }
}
