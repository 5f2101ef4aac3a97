//! What a request would cost at most, and what would let it pass.

use likeness_core::store::MeterReading;
use likeness_domain::{
    limit::{Cap, Draw, Rate, Window},
    model::Unit,
    money::Usd,
    quote::Line,
};
use serde::Serialize;

use crate::{headers::rate_limit::whole_seconds, problem::end_of, views::time::Time};

/// The answer to a dry run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuoteView {
    pub(crate) dry_run: bool,
    /// Dollars, an upper bound; `null` where a price is unknown.
    pub(crate) estimated_cost: Option<f64>,
    pub(crate) currency: &'static str,
    pub(crate) per_model: Vec<LineView>,
    pub(crate) limits: LimitsView,
    /// An earlier job would answer it, for nothing.
    pub(crate) cache_hit: bool,
    /// Of a workflow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) steps: Vec<StepView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineView {
    model: String,
    images: u64,
    /// `megapixel` or `image`; `null` where the price is unknown, as for the other two.
    unit: Option<&'static str>,
    quantity: Option<u64>,
    /// Dollars.
    unit_price: Option<f64>,
}

/// Whether the request would pass now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LimitsView {
    pub(crate) allowed: bool,
    pub(crate) windows: Vec<WindowView>,
    pub(crate) budgets: Vec<BudgetView>,
    pub(crate) lanes: Vec<LaneView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WindowView {
    name: &'static str,
    requests: u16,
    seconds: u32,
    remaining: u16,
    /// Until more remain; 0 where all do.
    reset_seconds: u64,
    allowed: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BudgetView {
    of: &'static str,
    period: &'static str,
    /// Dollars, as the others.
    cap: f64,
    /// Reserved and settled.
    committed: f64,
    left: f64,
    resets_at: Time,
    allowed: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LaneView {
    pub(crate) lane: &'static str,
    pub(crate) allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepView {
    pub(crate) id: String,
    pub(crate) estimated_cost: Option<f64>,
    pub(crate) cache_hit: bool,
}

impl LimitsView {
    /// For what `reading` was read for, beside the `lanes` that it would go to.
    pub(crate) fn new(reading: &MeterReading, lanes: Vec<LaneView>) -> Self {
        let (allowance, now) = (&reading.taking.allowance, reading.read_at);
        let draw = reading.taking.draw_beyond();
        let counted = allowance.rates.iter().filter(|rate| rate.counts(&draw) > 0);
        let windows: Vec<_> = counted.map(|rate| WindowView::new(rate, &draw, reading)).collect();
        let unknown_passes = allowance.allow_unknown_price;
        let budgets: Vec<_> =
            allowance.caps.iter().map(|cap| BudgetView::new(cap, &draw, unknown_passes, reading)).collect();
        let allowed = allowance.check(&draw, &reading.meters, now).is_ok() && lanes.iter().all(|lane| lane.allowed);
        Self { allowed, windows, budgets, lanes }
    }
}

impl WindowView {
    fn new(rate: &Rate, draw: &Draw, reading: &MeterReading) -> Self {
        let Window { requests, seconds } = rate.window;
        let (remaining, reset) = reading.meters.remaining(&rate.log, rate.window, reading.read_at);
        Self {
            name: rate.name(),
            requests,
            seconds,
            remaining,
            reset_seconds: reset.map_or(0, whole_seconds),
            allowed: rate.check(draw, &reading.meters, reading.read_at).is_ok(),
        }
    }
}

impl BudgetView {
    fn new(cap: &Cap, draw: &Draw, unknown_passes: bool, reading: &MeterReading) -> Self {
        let committed = reading.meters.committed(cap.of, cap.period);
        let left = cap.most - committed;
        Self {
            of: cap.of.as_str(),
            period: cap.period.as_str(),
            cap: cap.most.dollars(),
            committed: committed.dollars(),
            left: left.dollars(),
            resets_at: end_of(cap.period, reading.taking.money_at).into(),
            allowed: draw.amount.map_or(unknown_passes, |amount| amount <= left),
        }
    }
}

impl From<Line> for LineView {
    fn from(line: Line) -> Self {
        let Line { model, images, unit, quantity, unit_price } = line;
        let unit = unit.map(|unit| match unit {
            Unit::Megapixel => "megapixel",
            Unit::Image => "image",
        });
        Self { model, images, unit, quantity, unit_price: unit_price.map(Usd::dollars) }
    }
}
