//! What holds for one request, and whether the request passes.

use jiff::{SignedDuration, Timestamp};

use super::{Account, Budgets, Caps, KeyLimits, Log, Meters, Period, ProjectLimits, Spender, UserWindows, Window};
use crate::money::Usd;

/// A limit on requests, and where they are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    pub log: Log,
    pub window: Window,
}

/// A limit on money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    pub of: Spender,
    pub period: Period,
    pub most: Usd,
}

/// What a request takes of what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Draw {
    /// Requests but profiles.
    pub requests: u16,
    pub profiles: u16,
    /// The most that it may cost; `None` where a price is unknown.
    pub amount: Option<Usd>,
}

impl Draw {
    /// What neither counts nor costs anything.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { requests: 0, profiles: 0, amount: Some(Usd::ZERO) }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            profiles: self.profiles.saturating_add(other.profiles),
            amount: self.amount.zip(other.amount).map(|(amount, more)| amount + more),
        }
    }
}

/// All limits that hold for a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allowance {
    pub rates: Vec<Rate>,
    pub caps: Vec<Cap>,
    /// Whether what has no known price passes a cap.
    pub allow_unknown_price: bool,
}

/// Why a request does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exceeded {
    /// Too much was asked for of late.
    Rate {
        rate: Rate,
        /// When it would pass; `None` where it asks for more than the window ever lets through.
        passes_in: Option<SignedDuration>,
    },
    /// Too much was spent.
    Cap { cap: Cap, left: Usd, amount: Usd },
    /// Nothing says whether it is too much.
    UnknownPrice { cap: Cap },
}

impl Rate {
    /// As the policy is called in the header fields.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.log {
            Log::Requests(_) => "requests",
            Log::Profiles(_) => "profiles",
            Log::Key => "key",
            Log::EndUser => "end-user",
        }
    }

    /// How many requests of `draw` count here.
    #[must_use]
    pub const fn counts(&self, draw: &Draw) -> u16 {
        match self.log {
            Log::Requests(_) => draw.requests,
            Log::Profiles(_) => draw.profiles,
            Log::Key | Log::EndUser => draw.requests.saturating_add(draw.profiles),
        }
    }
}

impl Allowance {
    /// What holds for a request on `account`.
    #[must_use]
    pub fn of(
        account: &Account,
        deployment: UserWindows,
        key: Option<KeyLimits>,
        limits: &ProjectLimits,
        budgets: &Budgets,
    ) -> Self {
        let key = key.filter(|_| account.key.is_some()).unwrap_or_default();
        let (windows, only_here) = match limits.per_user {
            Some(windows) => (windows, Some(account.project.clone())),
            None => (deployment, None),
        };
        let windows = if key.without_user_windows { UserWindows::default() } else { windows };
        let per_end_user = limits.per_end_user.filter(|_| account.end_user.is_some());
        let rates = [
            (Log::Requests(only_here.clone()), windows.requests),
            (Log::Profiles(only_here), windows.profiles),
            (Log::Key, key.requests),
            (Log::EndUser, per_end_user),
        ];
        let end_users = if account.end_user.is_some() { budgets.per_end_user } else { Caps::default() };
        let caps = [
            (Spender::Project, budgets.project),
            (Spender::User, budgets.of_user(&account.user)),
            (Spender::Key, key.caps),
            (Spender::EndUser, end_users),
        ];
        Self {
            rates: rates.into_iter().filter_map(|(log, window)| Some(Rate { log, window: window? })).collect(),
            caps: caps
                .into_iter()
                .flat_map(|(of, caps)| caps.each().map(move |(period, most)| Cap { of, period, most }))
                .collect(),
            allow_unknown_price: budgets.allow_unknown_price,
        }
    }

    /// Sees whether `draw` passes everything.
    ///
    /// # Errors
    /// The first limit that it does not pass: windows before caps.
    pub fn check(&self, draw: &Draw, meters: &Meters, now: Timestamp) -> Result<(), Exceeded> {
        for rate in &self.rates {
            rate.check(draw, meters, now)?;
        }
        for cap in &self.caps {
            match draw.amount {
                None if self.allow_unknown_price => {}
                None => return Err(Exceeded::UnknownPrice { cap: *cap }),
                Some(amount) => {
                    let left = cap.most - meters.committed(cap.of, cap.period);
                    // What costs nothing passes also where nothing is left.
                    if amount > left {
                        return Err(Exceeded::Cap { cap: *cap, left, amount });
                    }
                }
            }
        }
        Ok(())
    }
}

impl Rate {
    /// Sees whether `draw` passes this window.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, draw: &Draw, meters: &Meters, now: Timestamp) -> Result<(), Exceeded> {
        let count = self.counts(draw);
        let exceeded = |passes_in| Exceeded::Rate { rate: self.clone(), passes_in };
        let Some(room) = self.window.requests.checked_sub(count) else { return Err(exceeded(None)) };
        // The newest of those that must no longer count.
        let in_the_way = if count == 0 { None } else { meters.log(&self.log).get(usize::from(room)) };
        match in_the_way.map(|at| at - self.window.opens(now)) {
            Some(wait) if wait > 0 => Err(exceeded(Some(SignedDuration::from_millis(wait)))),
            Some(_) | None => Ok(()),
        }
    }
}
