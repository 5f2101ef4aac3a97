//! Prices, and what a request costs by them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Model, size::STEP};
use crate::money::Usd;

/// A price per unit, with its date, because prices move.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// Per unit, in millionths of a dollar.
    pub micros: Usd,
    /// What is counted.
    pub unit: Unit,
    /// Whether each reference image counts as one more unit.
    #[serde(default)]
    pub inputs: bool,
    /// Other prices per image, by the name of a tier.
    #[serde(default)]
    pub tiers: BTreeMap<String, Usd>,
    /// When it was read, `YYYY-MM-DD`.
    pub as_of: String,
    /// Where it was read.
    pub source: String,
}

/// What a price counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// 1024 x 1024 pixels; each image is rounded up to a whole one.
    Megapixel,
    /// One image of any size.
    Image,
}

/// What is bought in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    pub images: u32,
    /// How many reference images go in.
    pub references: u32,
}

/// What a purchase is billed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    pub unit: Unit,
    /// Of units.
    pub quantity: u64,
    /// Of one.
    pub unit_price: Usd,
}

impl Model {
    /// What `purchase` costs; `None` when the price is unknown.
    #[must_use]
    pub fn cost(&self, purchase: Purchase) -> Option<Usd> {
        let Bill { quantity, unit_price, .. } = self.bill(purchase)?;
        Some(Usd::from_micros(unit_price.micros().saturating_mul(quantity)))
    }

    /// The same in units and their price.
    #[must_use]
    pub fn bill(&self, purchase: Purchase) -> Option<Bill> {
        let price = self.price.as_ref()?;
        let Purchase { width, height, images, references } = purchase;
        let tier = self.size.fit(width, height).tier;
        let per_unit = tier.and_then(|tier| price.tiers.get(&tier)).copied().unwrap_or(price.micros);
        let units = match price.unit {
            Unit::Megapixel => (drawn(width) * drawn(height)).div_ceil(1024 * 1024) * u64::from(images),
            Unit::Image => u64::from(images),
        };
        let inputs = if price.inputs { u64::from(references) } else { 0 };
        Some(Bill { unit: price.unit, quantity: units + inputs, unit_price: per_unit })
    }

    /// What `units` that fal reported as billable cost.
    #[must_use]
    pub fn cost_of_units(&self, units: f64) -> Option<Usd> {
        Some(self.price.as_ref()?.micros.times(units))
    }
}

/// A side of `length` pixels as the image will have it at most.
fn drawn(length: u32) -> u64 {
    u64::from(length).next_multiple_of(STEP.into())
}
