//! Amounts of money. Whole millionths of a US dollar, so that sums are exact.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, Sub},
};

use serde::{Deserialize, Serialize};

/// An amount in millionths of a US dollar. An unknown price is `Option::None`, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(u64);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From millionths of a dollar.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// In millionths of a dollar.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// In dollars, for people and JSON.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact up to nine billion dollars")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// `units` at this price, rounded up to the next millionth.
    #[must_use]
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
    pub fn times(self, units: f64) -> Self {
        Self((self.0 as f64 * units.max(0.0) - 1e-6).ceil().max(0.0) as u64)
    }
}

impl Usd {
    /// What `part` of so many equal parts `of` it come to, rounded up to the next millionth.
    #[must_use]
    pub fn share(self, part: usize, of: usize) -> Self {
        let [part, of] = [part, of.max(1)].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
        Self(self.0.saturating_mul(part).div_ceil(of))
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_multiply_without_drift() {
        assert_eq!(Usd::from_micros(25_000).times(3.0), Usd::from_micros(75_000));
        assert_eq!(Usd::from_micros(3).times(0.5), Usd::from_micros(2));
        assert_eq!(Usd::from_micros(3).times(-1.0), Usd::ZERO);
        assert_eq!(Usd::from_micros(25_000).to_string(), "$0.025000");
    }

    #[test]
    fn one_unknown_makes_the_sum_unknown() {
        let known = [Some(Usd::from_micros(1)), Some(Usd::from_micros(2))];
        assert_eq!(known.into_iter().sum::<Option<Usd>>(), Some(Usd::from_micros(3)));
        assert_eq!([known[0], None].into_iter().sum::<Option<Usd>>(), None);
    }
}
