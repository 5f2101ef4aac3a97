//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers): what may be asked for, and what of it is
//! left.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use likeness_core::store::MeterReading;
use likeness_domain::limit::Window;

/// Where a caller stands in each window that counts a request of this kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct RateLimit(pub(crate) Vec<Standing>);

/// Where a caller stands in one window.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) name: &'static str,
    pub(crate) window: Window,
    pub(crate) remaining: u16,
    /// When more is left than now; nothing where all of it is.
    pub(crate) reset: SignedDuration,
}

impl RateLimit {
    /// As it stands after what was read; `accepted`: with the request that it was read for.
    pub(crate) fn of(reading: &MeterReading, accepted: bool, now: Timestamp) -> Self {
        let taking = &reading.taking;
        let counted = taking.allowance.rates.iter().filter(|rate| rate.counts(&taking.draw) > 0);
        let standings = counted.map(|rate| {
            let taken = if accepted { rate.counts(&taking.draw) } else { 0 };
            let (remaining, next) = reading.meters.remaining(&rate.log, rate.window, now);
            let next = next.or((taken > 0).then(|| SignedDuration::from_secs(rate.window.seconds.into())));
            Standing {
                name: rate.name(),
                window: rate.window,
                remaining: remaining.saturating_sub(taken),
                reset: next.unwrap_or_default(),
            }
        });
        Self(standings.collect())
    }

    /// Writes both fields, where anything is limited.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        let policies = self.0.iter().map(|Standing { name, window, .. }| {
            let Window { requests, seconds } = window;
            format!("\"{name}\";q={requests};w={seconds}")
        });
        let standings = self.0.iter().map(|Standing { name, remaining, reset, .. }| {
            format!("\"{name}\";r={remaining};t={}", whole_seconds(*reset))
        });
        for (field, members) in
            [("ratelimit-policy", policies.collect::<Vec<_>>()), ("ratelimit", standings.collect::<Vec<_>>())]
        {
            if let Ok(value) = HeaderValue::from_str(&members.join(", "))
                && !members.is_empty()
            {
                headers.insert(HeaderName::from_static(field), value);
            }
        }
    }
}

/// Rounded up, so that what is asked for then passes.
pub(crate) fn whole_seconds(duration: SignedDuration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or_default().div_ceil(1000)
}
