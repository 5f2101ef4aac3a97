//! The model table: which endpoints there are, what each really takes, what it costs and what stands in for it.
//! Ids, ranges and prices are data (`data/models.json`), so that a change at fal is a change of data here.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::money::Usd;

static TABLE: LazyLock<Vec<Model>> = LazyLock::new(|| {
    let file: File = serde_json::from_str(include_str!("../data/models.json"))
        .unwrap_or_else(|error| panic!("data/models.json is checked by tests: {error}"));
    file.models
});

#[derive(Deserialize)]
struct File {
    models: Vec<Model>,
}

/// One fal endpoint and what it takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// Our name of it, used in requests.
    pub id: String,
    /// fal's endpoint id.
    pub endpoint: String,
    /// Inference steps, where it takes them.
    pub steps: Option<Range<u32>>,
    /// Guidance scale, where it takes it.
    pub guidance: Option<Range<f64>>,
    /// Whether it takes a seed.
    pub seed: bool,
    /// Whether it takes a negative prompt.
    pub negative_prompt: bool,
    /// Whether it takes `enable_safety_checker`.
    pub safety_checker: bool,
    /// Most images of one request.
    pub max_images: u32,
    /// Most reference images; more would be dropped silently by fal.
    pub max_references: u32,
    /// What `output_format` may be.
    pub output_formats: Vec<String>,
    /// What it costs; `None` where nobody knows.
    pub price: Option<Price>,
    /// Our name of the model that stands in when this one is unavailable.
    pub fallback: Option<String>,
}

/// An input's range.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range<T> {
    /// What the endpoint assumes when the input is absent.
    pub default: T,
    /// Least value taken.
    pub min: T,
    /// Greatest value taken.
    pub max: T,
}

impl<T: PartialOrd + Copy> Range<T> {
    /// `wanted` where the endpoint takes it, its own default otherwise.
    #[must_use]
    pub fn or_default(&self, wanted: T) -> T {
        if wanted >= self.min && wanted <= self.max { wanted } else { self.default }
    }
}

/// A price per unit, with its date, because prices move.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// Per unit, in millionths of a dollar.
    pub micros: Usd,
    /// What is counted.
    pub unit: Unit,
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

impl Model {
    /// Every model, in the table's order.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The model with our name `id`.
    #[must_use]
    pub fn by_id(id: &str) -> Option<&'static Self> {
        TABLE.iter().find(|model| model.id == id)
    }

    /// The model that stands in for this one.
    #[must_use]
    pub fn fallback(&self) -> Option<&'static Self> {
        self.fallback.as_deref().and_then(Self::by_id)
    }

    /// What `images` of `width` x `height` pixels cost; `None` when the price is unknown.
    #[must_use]
    pub fn cost(&self, width: u32, height: u32, images: u32) -> Option<Usd> {
        let price = self.price.as_ref()?;
        let units = match price.unit {
            Unit::Megapixel => (u64::from(width) * u64::from(height)).div_ceil(1024 * 1024) * u64::from(images),
            Unit::Image => u64::from(images),
        };
        Some(Usd::from_micros(price.micros.micros().saturating_mul(units)))
    }

    /// What `units` that fal reported as billable cost.
    #[must_use]
    pub fn cost_of_units(&self, units: f64) -> Option<Usd> {
        Some(self.price.as_ref()?.micros.times(units))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_is_consistent() {
        let mut seen = HashSet::new();
        for model in Model::all() {
            assert!(seen.insert(&model.id), "{} twice", model.id);
            assert!(model.endpoint.split('/').count() >= 2, "{}", model.endpoint);
            assert!(model.max_images >= 1);
            if let Some(range) = model.steps {
                assert!(range.min <= range.default && range.default <= range.max, "{}", model.id);
            }
            if let Some(range) = model.guidance {
                assert!(range.min <= range.default && range.default <= range.max, "{}", model.id);
            }
            if let Some(name) = &model.fallback {
                let fallback = model.fallback().unwrap_or_else(|| panic!("{name} is no model"));
                assert_ne!(fallback.id, model.id);
            }
            if let Some(price) = &model.price {
                assert!(price.as_of.parse::<jiff::civil::Date>().is_ok(), "{}", price.as_of);
            }
        }
    }

    #[test]
    fn fallbacks_end() {
        for model in Model::all() {
            let mut at = model;
            for _ in 0..Model::all().len() {
                match at.fallback() {
                    Some(next) => at = next,
                    None => break,
                }
            }
            assert!(at.fallback().is_none(), "{} falls back in a circle", model.id);
        }
    }

    #[test]
    fn megapixels_are_rounded_up_per_image() {
        let dev = Model::by_id("flux-dev").unwrap();
        assert_eq!(dev.cost(1024, 1024, 1), Some(Usd::from_micros(25_000)));
        assert_eq!(dev.cost(512, 512, 2), Some(Usd::from_micros(50_000)));
        assert_eq!(dev.cost(1920, 1080, 1), Some(Usd::from_micros(50_000)));
        assert_eq!(dev.cost_of_units(1.0), Some(Usd::from_micros(25_000)));
    }
}
