//! Times as answers write them: always three digits of a second, so that texts sort as times do.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A time in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(Timestamp);

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_three_digits_of_a_second() {
        let text = |time: &str| serde_json::to_value(Time(time.parse().unwrap())).unwrap();
        assert_eq!(text("2026-11-29T12:00:00Z"), "2026-11-29T12:00:00.000Z");
        assert_eq!(text("2026-11-29T12:00:00.82Z"), "2026-11-29T12:00:00.820Z");
        assert_eq!(text("2026-11-29T12:00:00.7553639Z"), "2026-11-29T12:00:00.755Z");
    }
}
