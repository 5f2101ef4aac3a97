//! What a request that passes a limit is told: which limit, what is left, and when to come again.

use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned, tz::TimeZone};
use likeness_core::store::MeterReading;
use likeness_domain::{
    limit::{Cap, Exceeded, Period, Rate, Window},
    money::Usd,
};
use serde::Serialize;

use crate::{
    headers::rate_limit::{RateLimit, whole_seconds},
    views::time::Time,
};

/// The limit, as a member of the problem.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
pub(crate) enum LimitView {
    #[serde(rename_all = "camelCase")]
    Window { name: &'static str, requests: u16, seconds: u32 },
    #[serde(rename_all = "camelCase")]
    Budget {
        /// Whose.
        of: &'static str,
        period: &'static str,
        /// Dollars, as the others.
        cap: f64,
        left: f64,
        /// The most that the request may cost; `null` where that is unknown.
        asked: Option<f64>,
        /// When the period is over.
        resets_at: Time,
    },
}

/// One sentence for people.
pub(super) fn sentence(exceeded: &Exceeded) -> String {
    match exceeded {
        Exceeded::Rate { rate: Rate { window: Window { requests, seconds }, .. }, passes_in } => {
            let limit = format!("the limit of {requests} requests in {seconds} seconds");
            match passes_in {
                Some(wait) => format!("{limit} is reached; this passes in {} seconds", whole_seconds(*wait)),
                None => format!("this asks for more at once than {limit} ever lets through"),
            }
        }
        Exceeded::Cap { cap, left, amount } => format!(
            "this may cost {amount}, and {left} is left of the {}'s {} of a {}",
            cap.of.as_str(),
            cap.most,
            cap.period.as_str()
        ),
        Exceeded::UnknownPrice { cap } => format!(
            "the price of this is not known, and the {}'s money of a {} is capped; choose another model, or let the \
             project's budgets allow it",
            cap.of.as_str(),
            cap.period.as_str()
        ),
    }
}

/// The limit that was reached, where one was.
pub(super) fn view(exceeded: &Exceeded, reading: &MeterReading) -> LimitView {
    let budget = |cap: &Cap, left: Usd, asked: Option<Usd>| LimitView::Budget {
        of: cap.of.as_str(),
        period: cap.period.as_str(),
        cap: cap.most.dollars(),
        left: left.dollars(),
        asked: asked.map(Usd::dollars),
        resets_at: end_of(cap.period, reading.taking.money_at).into(),
    };
    match exceeded {
        Exceeded::Rate { rate, .. } => {
            LimitView::Window { name: rate.name(), requests: rate.window.requests, seconds: rate.window.seconds }
        }
        Exceeded::Cap { cap, left, amount } => budget(cap, *left, Some(*amount)),
        Exceeded::UnknownPrice { cap } => budget(cap, cap.most - reading.meters.committed(cap.of, cap.period), None),
    }
}

/// When to come again, and where the caller stands.
pub(super) fn write_headers(exceeded: &Exceeded, reading: &MeterReading, headers: &mut HeaderMap) {
    if let Exceeded::Rate { passes_in, .. } = exceeded {
        RateLimit::of(reading, false, reading.read_at).write_to(headers);
        if let Some(wait) = passes_in {
            headers.insert(header::RETRY_AFTER, whole_seconds(*wait).max(1).into());
        }
    }
}

/// The first moment after the day or month that holds `at`.
pub(crate) fn end_of(period: Period, at: Timestamp) -> Timestamp {
    let day: Zoned = at.to_zoned(TimeZone::UTC);
    let begin = match period {
        Period::Day => day.start_of_day().and_then(|start| start.checked_add(1.day())),
        Period::Month => day.first_of_month().and_then(|first| first.start_of_day()?.checked_add(1.month())),
    };
    // Only the last day of the year 9999 has no next.
    begin.map_or(at + SignedDuration::from_hours(24), |begin| begin.timestamp())
}
