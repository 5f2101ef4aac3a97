//! Limits in a body: windows on requests, caps on money in dollars.

use likeness_domain::{
    limit::{Caps, Window},
    money::Usd,
};
use serde::Deserialize;

use crate::request::errors::Errors;

/// The greatest cap in dollars.
const MOST_DOLLARS: f64 = 1_000_000.0;

/// At most so many requests within so many seconds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WindowBody {
    requests: u32,
    seconds: u32,
}

/// Dollars of a day and of a month; absent: no cap.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CapsBody {
    day: Option<f64>,
    month: Option<f64>,
}

impl Errors {
    /// The window that stands at `at`.
    pub(crate) fn window(&mut self, at: &str, body: WindowBody) -> Option<Window> {
        let WindowBody { requests, seconds } = body;
        let window = Window::new(requests, seconds);
        if !(1..=u32::from(Window::MOST_REQUESTS)).contains(&requests) {
            self.add(&format!("{at}/requests"), format!("must be 1 to {}", Window::MOST_REQUESTS));
        }
        if !(1..=Window::LONGEST).contains(&seconds) {
            self.add(&format!("{at}/seconds"), format!("must be 1 to {}", Window::LONGEST));
        }
        window
    }

    /// The caps that stand at `at`.
    pub(crate) fn caps(&mut self, at: &str, body: CapsBody) -> Caps {
        let CapsBody { day, month } = body;
        Caps {
            day: day.and_then(|dollars| self.dollars(&format!("{at}/day"), dollars, MOST_DOLLARS)),
            month: month.and_then(|dollars| self.dollars(&format!("{at}/month"), dollars, MOST_DOLLARS)),
        }
    }

    /// An amount of 0 to `most` dollars.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and at most a million million")]
    pub(crate) fn dollars(&mut self, at: &str, dollars: f64, most: f64) -> Option<Usd> {
        let micros = (dollars * 1e6).round();
        if !(0.0..=most).contains(&dollars) {
            self.add(at, format!("must be 0 to {most} dollars"));
        } else if (dollars * 1e6 - micros).abs() > 1e-3 {
            self.add(at, "must have at most 6 decimal places");
        } else {
            return Some(Usd::from_micros(micros as u64));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_names_what_is_wrong_with_it() {
        let window = |requests, seconds| {
            let mut errors = Errors::default();
            let window = errors.window("/limits/requests", WindowBody { requests, seconds });
            (window, errors.into_found().into_iter().map(|error| error.pointer).collect::<Vec<_>>())
        };
        assert_eq!(window(1000, 604_800), (Some(Window { requests: 1000, seconds: 604_800 }), Vec::new()));
        let [requests, seconds] = ["requests", "seconds"].map(|field| format!("/limits/requests/{field}"));
        assert_eq!(window(1001, 60), (None, vec![requests.clone()]));
        assert_eq!(window(0, 0), (None, vec![requests, seconds]));
    }

    #[test]
    fn a_cap_is_kept_to_the_millionth() {
        let mut errors = Errors::default();
        let caps = errors.caps("", CapsBody { day: Some(0.000_001), month: Some(MOST_DOLLARS) });
        let micros = |micros| Some(Usd::from_micros(micros));
        assert_eq!(caps, Caps { day: micros(1), month: micros(1_000_000_000_000) });
        let zero = errors.caps("", CapsBody { day: Some(0.0), month: None });
        assert_eq!(zero, Caps { day: Some(Usd::ZERO), month: None });
        assert!(errors.is_empty());
        for bad in [-0.01, 1_000_000.000_001, 0.000_000_1, 1.234_567_8, f64::NAN, f64::INFINITY] {
            let caps = errors.caps("/caps", CapsBody { day: Some(bad), month: None });
            assert_eq!(caps.day, None, "{bad}");
        }
        assert!(errors.into_found().iter().all(|error| error.pointer == "/caps/day"));
    }
}
