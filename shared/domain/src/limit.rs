//! How much may be asked for and spent: windows on requests, caps on money, and what of both holds for one request.
//!
//! [`Allowance`] decides from figures that were read. The table demands the same of the figures that stand there when it
//! writes, so that requests at one moment do not pass together.

mod allowance;
mod end_user;
mod meters;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    allowance::{Allowance, Cap, Draw, Exceeded, Rate},
    end_user::EndUser,
    meters::{Log, Meters},
};
use crate::{
    id::{KeyId, ProjectId, UserId},
    money::Usd,
};

/// At most so many requests within any span of so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// 1 to [`Window::MOST_REQUESTS`].
    pub requests: u16,
    /// 1 to [`Window::LONGEST`].
    pub seconds: u32,
}

impl Window {
    /// Each is remembered by its time, so that the window slides: more would make a heavy item of every write. A
    /// shorter window lets more through in the same time.
    pub const MOST_REQUESTS: u16 = 1000;
    /// A week.
    pub const LONGEST: u32 = 7 * 86_400;

    /// `None` for what no window can be.
    #[must_use]
    pub fn new(requests: u32, seconds: u32) -> Option<Self> {
        let requests = u16::try_from(requests).ok().filter(|requests| (1..=Self::MOST_REQUESTS).contains(requests))?;
        (1..=Self::LONGEST).contains(&seconds).then_some(Self { requests, seconds })
    }

    /// Whether it lets through nothing that `other` would not.
    #[must_use]
    pub fn is_within(self, other: Self) -> bool {
        self.requests <= other.requests && self.seconds >= other.seconds
    }
}

/// The windows of each user. Profiles are counted by themselves, as each is a dozen pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserWindows {
    /// On everything that generates but profiles; `None`: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<Window>,
    /// On profiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Window>,
}

/// Most money of a day and of a month, in UTC; `None`: no cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Caps {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Usd>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Usd>,
}

impl Caps {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.day.is_none() && self.month.is_none()
    }

    fn each(self) -> impl Iterator<Item = (Period, Usd)> {
        let caps = [(Period::Day, self.day), (Period::Month, self.month)];
        caps.into_iter().filter_map(|(period, cap)| Some((period, cap?)))
    }
}

/// Per cent of a cap at which it is told that so much is committed.
pub const THRESHOLDS: [u64; 3] = [50, 80, 100];

/// The thresholds of `cap` that `committed` has reached.
pub fn reached(cap: Usd, committed: Usd) -> impl Iterator<Item = u64> {
    let reaches =
        move |percent: &u64| u128::from(committed.micros()) * 100 >= u128::from(cap.micros()) * u128::from(*percent);
    THRESHOLDS.into_iter().filter(reaches)
}

/// What a key may use up, in all projects together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyLimits {
    /// Whether requests with it neither count in the windows of its user nor are held by them: for the key of an app
    /// whose own users are limited by themselves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub without_user_windows: bool,
    /// On everything that generates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<Window>,
    pub caps: Caps,
}

/// What a project says of the requests in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectLimits {
    /// For each user, in place of those of the deployment: what is asked for here counts here only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_user: Option<UserWindows>,
    /// For each end user of an app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_end_user: Option<Window>,
}

/// The money of a project: who may spend how much.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Budgets {
    /// All together.
    pub project: Caps,
    /// Each user for whom [`Budgets::users`] says nothing else.
    pub per_user: Caps,
    pub users: BTreeMap<UserId, Caps>,
    /// Each end user of an app.
    pub per_end_user: Caps,
    /// Whether a job whose price is unknown may begin where money is capped; it counts as nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_unknown_price: bool,
}

impl Budgets {
    /// The caps of `user`.
    #[must_use]
    pub fn of_user(&self, user: &UserId) -> Caps {
        self.users.get(user).copied().unwrap_or(self.per_user)
    }
}

/// On whose account a request is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    pub project: ProjectId,
    pub user: UserId,
    /// The key that it came with; `None` for a user who signed in.
    pub key: Option<KeyId>,
    pub end_user: Option<EndUser>,
}

/// Whose money is capped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Spender {
    Project,
    /// In one project.
    User,
    /// In all projects together.
    Key,
    /// In one project.
    EndUser,
}

impl Spender {
    pub const ALL: [Self; 4] = [Self::Project, Self::User, Self::Key, Self::EndUser];

    /// As it is spelled in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::User => "user",
            Self::Key => "key",
            Self::EndUser => "end user",
        }
    }
}

/// For how long money is capped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// From midnight to midnight, UTC.
    Day,
    /// A calendar month, UTC.
    Month,
}

impl Period {
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    /// As it is spelled in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The one that holds `at`: `2026-11-30`, `2026-11`.
    #[must_use]
    pub fn name(self, at: Timestamp) -> String {
        match self {
            Self::Day => at.strftime("%Y-%m-%d").to_string(),
            Self::Month => at.strftime("%Y-%m").to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
