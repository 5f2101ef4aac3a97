//! What was asked for and spent so far, as far as it matters for one request.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{Period, Spender, Window};
use crate::{id::ProjectId, money::Usd};

/// The times at which something was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Log {
    /// A user's requests but profiles; in one project where that has windows of its own.
    Requests(Option<ProjectId>),
    /// A user's profiles.
    Profiles(Option<ProjectId>),
    /// All that came with a key.
    Key,
    /// All of an end user.
    EndUser,
}

/// Figures that were read together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meters {
    /// Unix milliseconds, newest first.
    pub logs: HashMap<Log, Vec<i64>>,
    /// What is reserved and settled, of the period in which they were read.
    pub committed: HashMap<(Spender, Period), Usd>,
}

impl Meters {
    /// The times in `log`, newest first.
    #[must_use]
    pub fn log(&self, log: &Log) -> &[i64] {
        self.logs.get(log).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is reserved and settled.
    #[must_use]
    pub fn committed(&self, spender: Spender, period: Period) -> Usd {
        self.committed.get(&(spender, period)).copied().unwrap_or_default()
    }

    /// How many more requests `window` lets through, and when it lets through one more than that; `None` where nothing
    /// counts in it.
    #[must_use]
    pub fn remaining(&self, log: &Log, window: Window, now: Timestamp) -> (u16, Option<SignedDuration>) {
        let from = window.opens(now);
        let counted: Vec<i64> = self.log(log).iter().copied().filter(|at| *at > from).collect();
        let used = u16::try_from(counted.len()).unwrap_or(u16::MAX);
        // The oldest of those that fill it.
        let next = counted.get(usize::from(window.requests.min(used)).saturating_sub(1));
        (window.requests.saturating_sub(used), next.map(|at| SignedDuration::from_millis(at - from)))
    }
}

impl Window {
    /// What was asked for at this moment, in Unix milliseconds, or before does not count any more.
    #[must_use]
    pub fn opens(self, now: Timestamp) -> i64 {
        now.as_millisecond() - i64::from(self.seconds) * 1000
    }
}
