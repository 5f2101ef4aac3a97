//! The model table: which endpoints there are, what each really takes, what it costs and what stands in for it.
//! Ids, ranges and prices are data (`data/models.json`), so that a change at fal is a change of data here.

mod price;
mod size;

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

pub use price::{Price, Purchase, Unit};
pub use size::{Fitted, Size, Tier};

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/models.json"))
        .unwrap_or_else(|error| panic!("data/models.json is checked by tests: {error}"))
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    defaults: Defaults,
    models: Vec<Model>,
}

/// Which model a kind uses when the request names none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defaults {
    /// A master reference from words alone.
    pub master: String,
    /// A master reference that goes by given pictures.
    pub master_with_references: String,
    /// An angle of a profile at standard resolution.
    pub profile: String,
    /// An angle of a profile at high resolution.
    pub profile_high: String,
    /// A scene.
    pub composite: String,
    /// A scene laid out by control images.
    pub composite_with_control: String,
    /// A portrait from a LoRA.
    pub portrait: String,
}

/// One fal endpoint and what it takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// Our name of it, used in requests.
    pub id: String,
    /// fal's endpoint id.
    pub endpoint: String,
    /// Whether it takes a prompt; one that does not goes by its reference and the angle alone.
    #[serde(default = "yes")]
    pub prompt: bool,
    /// Inputs that are always sent so.
    #[serde(default)]
    pub fixed: BTreeMap<String, serde_json::Value>,
    /// Inference steps, where it takes them.
    #[serde(default)]
    pub steps: Option<Range<u32>>,
    /// Guidance scale, where it takes it.
    #[serde(default)]
    pub guidance: Option<Range<f64>>,
    /// How far it may depart from the input image, where it takes that.
    #[serde(default)]
    pub strength: Option<Range<f64>>,
    /// Whether it takes a seed.
    #[serde(default)]
    pub seed: bool,
    /// Whether it takes a negative prompt.
    #[serde(default)]
    pub negative_prompt: bool,
    /// How its safety check is spoken to.
    pub safety: Safety,
    /// Most images of one request.
    pub max_images: u32,
    /// How its output size is asked for.
    pub size: Size,
    /// How it takes reference images; `None` where it takes none.
    #[serde(default)]
    pub references: Option<References>,
    /// Most LoRAs of one request.
    #[serde(default)]
    pub max_loras: u32,
    /// The ControlNet weights that it is told to load for control images; `None` where it takes none.
    #[serde(default)]
    pub control_weights: Option<String>,
    /// Whether it takes the camera's angle as a number.
    #[serde(default)]
    pub angle: bool,
    /// What `output_format` may be; empty where it takes none.
    pub output_formats: Vec<String>,
    /// What it costs; `None` where no price is published.
    pub price: Option<Price>,
    /// Our name of the model that stands in when this one is unavailable.
    pub fallback: Option<String>,
}

fn yes() -> bool {
    true
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
    /// Whether the endpoint takes `wanted`.
    #[must_use]
    pub fn holds(&self, wanted: T) -> bool {
        wanted >= self.min && wanted <= self.max
    }

    /// `wanted` where the endpoint takes it, its own default otherwise.
    #[must_use]
    pub fn or_default(&self, wanted: T) -> T {
        if self.holds(wanted) { wanted } else { self.default }
    }
}

/// How an endpoint's safety check is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// `enable_safety_checker`, and black frames in place of flagged images.
    Checker,
    /// `safety_tolerance`, left at the endpoint's own default.
    Tolerance,
}

/// How an endpoint takes reference images.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct References {
    /// The input that takes them.
    pub field: ReferenceField,
    /// Most of them; more would be dropped silently by fal.
    pub max: u32,
    /// Whether it does nothing without one.
    pub required: bool,
}

/// The input that takes reference images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceField {
    /// One address.
    ImageUrl,
    /// A list of addresses.
    ImageUrls,
    /// One address beside the prompt, of weaker influence.
    ReferenceImageUrl,
}

impl Model {
    /// Every model, in the table's order.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &TABLE.models
    }

    /// Which model a kind uses when the request names none.
    #[must_use]
    pub fn defaults() -> &'static Defaults {
        &TABLE.defaults
    }

    /// The model with our name `id`.
    #[must_use]
    pub fn by_id(id: &str) -> Option<&'static Self> {
        TABLE.models.iter().find(|model| model.id == id)
    }

    /// The model that stands in for this one.
    #[must_use]
    pub fn fallback(&self) -> Option<&'static Self> {
        self.fallback.as_deref().and_then(Self::by_id)
    }

    /// Most reference images of one request.
    #[must_use]
    pub fn max_references(&self) -> u32 {
        self.references.as_ref().map_or(0, |references| references.max)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::money::Usd;

    fn model(id: &str) -> &'static Model {
        Model::by_id(id).unwrap_or_else(|| panic!("no {id}"))
    }

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
            for range in [model.guidance, model.strength].into_iter().flatten() {
                assert!(range.min <= range.default && range.default <= range.max, "{}", model.id);
            }
            if let Some(references) = &model.references {
                let one = references.field != ReferenceField::ImageUrls;
                assert!(references.max >= 1 && (references.max == 1 || !one), "{}", model.id);
            }
            if let Some(price) = &model.price {
                assert!(price.as_of.parse::<jiff::civil::Date>().is_ok(), "{}", price.as_of);
                let Size::Tier { tiers, .. } = &model.size else {
                    assert!(price.tiers.is_empty(), "{}", model.id);
                    continue;
                };
                for name in price.tiers.keys() {
                    assert!(tiers.iter().any(|tier| tier.name == *name), "{name}");
                }
            }
        }
    }

    #[test]
    fn a_stand_in_can_do_what_it_stands_in_for() {
        for model in Model::all() {
            let Some(name) = &model.fallback else { continue };
            let fallback = model.fallback().unwrap_or_else(|| panic!("{name} is no model"));
            assert!(fallback.max_references() >= model.max_references(), "{name} for {}", model.id);
            assert!(fallback.max_loras >= model.max_loras, "{name} for {}", model.id);
            assert!(fallback.max_images >= model.max_images.min(4), "{name} for {}", model.id);
            assert!(model.control_weights.is_none() || fallback.control_weights.is_some(), "{name} for {}", model.id);
            let needs = |model: &Model| model.references.as_ref().is_some_and(|references| references.required);
            assert!(!needs(fallback) || needs(model), "{name} needs a reference and {} does not", model.id);
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
    fn every_kind_has_a_model_that_can_make_it() {
        let defaults = Model::defaults();
        assert_eq!(model(&defaults.master).max_references(), 0);
        for name in [&defaults.master_with_references, &defaults.profile, &defaults.profile_high, &defaults.composite] {
            assert!(model(name).max_references() >= 1, "{name}");
        }
        assert!(model(&defaults.composite_with_control).control_weights.is_some());
        assert!(model(&defaults.portrait).max_loras >= 1);
    }

    #[test]
    fn a_size_becomes_what_the_endpoint_understands() {
        let fit = |id: &str, width, height| {
            let Fitted { width, height, ratio, tier } = model(id).size.fit(width, height);
            (width, height, ratio.unwrap_or_default(), tier.unwrap_or_default())
        };
        assert_eq!(fit("flux-dev", 768, 1024), (768, 1024, String::new(), String::new()));
        assert_eq!(fit("flux-2-edit", 3000, 100), (2048, 512, String::new(), String::new()));
        assert_eq!(fit("kontext-pro", 1024, 1024), (1024, 1024, "1:1".to_owned(), String::new()));
        assert_eq!(fit("kontext-pro", 1920, 1080), (1360, 768, "16:9".to_owned(), String::new()));
        assert_eq!(fit("nano-banana-2-edit", 2048, 2048), (2048, 2048, "1:1".to_owned(), "2K".to_owned()));
        assert_eq!(fit("seedream-edit", 1024, 1024), (1920, 1920, String::new(), String::new()));
        assert_eq!(fit("seedream-edit", 100, 4000), (912, 4096, String::new(), String::new()));
        assert_eq!(fit("seedream-edit", 1920, 1080), (2560, 1440, String::new(), String::new()));
        assert_eq!(fit("flux-image-to-image", 640, 480), (640, 480, String::new(), String::new()));
    }

    #[test]
    fn prices_count_what_fal_counts() {
        let cost = |id: &str, width, height, images, references| {
            model(id).cost(Purchase { width, height, images, references }).unwrap().micros()
        };
        assert_eq!(cost("flux-dev", 1024, 1024, 1, 0), 25_000);
        assert_eq!(cost("flux-dev", 512, 512, 2, 0), 50_000);
        assert_eq!(cost("flux-dev", 1920, 1080, 1, 0), 50_000);
        assert_eq!(cost("kontext-pro", 1360, 768, 1, 1), 40_000);
        // 1032 x 1016 is less than a megapixel, and 1040 x 1024 comes.
        assert_eq!(cost("flux-dev", 1032, 1016, 1, 0), 50_000);
        // 1568 x 672 is what 21:9 comes to.
        let wide = model("kontext-dev").size.fit(2100, 900);
        assert_eq!(cost("kontext-dev", wide.width, wide.height, 1, 1), 50_000);
        // Two megapixels out, three references in.
        assert_eq!(cost("flux-2-edit", 1920, 1080, 1, 3), 60_000);
        assert_eq!(cost("nano-banana-2-edit", 2048, 2048, 1, 5), 120_000);
        assert_eq!(cost("nano-banana-2-edit", 1024, 1024, 2, 5), 160_000);
        assert_eq!(model("flux-dev").cost_of_units(1.0), Some(Usd::from_micros(25_000)));
    }
}
