//! `GET /api/v1/models`: the models that a request can name, what each takes and what it costs.
//!
//! Journey: `tests/it/journeys/catalogue.rs`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use likeness_domain::{
    model::{Model, Price, Range, Size, Unit},
    money::Usd,
};
use serde::Serialize;

use crate::{
    access::{Key, Read},
    app::App,
    problem::ApiError,
    views::time::Time,
};

#[derive(Debug, Serialize)]
pub(crate) struct ModelList {
    models: Vec<ModelView>,
}

/// A model. What is `null` it does not take, or is not known.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelView {
    id: &'static str,
    endpoint: &'static str,
    /// For what it is used where a request names no model.
    default_for: Vec<&'static str>,
    prompt: bool,
    steps: Option<RangeView<u32>>,
    guidance: Option<RangeView<f64>>,
    strength: Option<RangeView<f64>>,
    seed: bool,
    negative_prompt: bool,
    max_images: u32,
    size: SizeView,
    references: Option<ReferencesView>,
    max_loras: u32,
    control_images: bool,
    angle: bool,
    output_formats: &'static [String],
    price: Option<PriceView>,
    fallback: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct RangeView<T> {
    default: T,
    min: T,
    max: T,
}

/// What decides the size of the image.
#[derive(Debug, Serialize)]
#[serde(tag = "by", rename_all = "camelCase")]
enum SizeView {
    /// Its sides, within these; with fewer pixels in all it is made larger.
    #[serde(rename_all = "camelCase")]
    Pixels {
        min: u32,
        max: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        min_pixels: Option<u32>,
    },
    /// Its shape alone.
    Ratio { ratios: &'static [String] },
    /// Its shape, and the nearest of these sizes.
    Tier { ratios: &'static [String], tiers: Vec<TierView> },
    /// The picture that it goes by.
    Input,
}

#[derive(Debug, Serialize)]
struct TierView {
    name: &'static str,
    side: u32,
}

#[derive(Debug, Serialize)]
struct ReferencesView {
    max: u32,
    required: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PriceView {
    /// For one unit.
    usd: f64,
    unit: &'static str,
    /// Whether each reference image is one more unit.
    inputs_billed: bool,
    /// For one unit of another size.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tiers: BTreeMap<&'static str, f64>,
    as_of: &'static str,
    source: &'static str,
    /// The last bill of fal's that was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<DriftView>,
}

/// A bill of fal's that is not by the price above.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DriftView {
    units: f64,
    expected_usd: f64,
    billed_usd: f64,
    at: Time,
}

pub(crate) async fn list_models(State(app): State<Arc<App>>, _: Key<Read>) -> Result<Json<ModelList>, ApiError> {
    let mut models: Vec<ModelView> = Model::all().iter().map(ModelView::new).collect();
    for drift in app.store.drifts().await? {
        let model = models.iter_mut().find(|model| model.id == drift.model);
        if let Some(price) = model.and_then(|model| model.price.as_mut()) {
            let (expected_usd, billed_usd) = (drift.expected.dollars(), drift.billed.dollars());
            price.drift = Some(DriftView { units: drift.units, expected_usd, billed_usd, at: drift.at.into() });
        }
    }
    Ok(Json(ModelList { models }))
}

impl ModelView {
    fn new(model: &'static Model) -> Self {
        Self {
            id: &model.id,
            endpoint: &model.endpoint,
            default_for: default_for(&model.id),
            prompt: model.prompt,
            steps: model.steps.map(RangeView::new),
            guidance: model.guidance.map(RangeView::new),
            strength: model.strength.map(RangeView::new),
            seed: model.seed,
            negative_prompt: model.negative_prompt,
            max_images: model.max_images,
            size: SizeView::new(&model.size),
            references: model.references.as_ref().map(|one| ReferencesView { max: one.max, required: one.required }),
            max_loras: model.max_loras,
            control_images: model.control_weights.is_some(),
            angle: model.angle,
            output_formats: &model.output_formats,
            price: model.price.as_ref().map(PriceView::new),
            fallback: model.fallback.as_deref(),
        }
    }
}

fn default_for(model: &str) -> Vec<&'static str> {
    let defaults = Model::defaults();
    let all = [
        ("master", &defaults.master),
        ("masterWithReferences", &defaults.master_with_references),
        ("profile", &defaults.profile),
        ("profileHigh", &defaults.profile_high),
        ("composite", &defaults.composite),
        ("compositeWithControl", &defaults.composite_with_control),
        ("portrait", &defaults.portrait),
    ];
    all.into_iter().filter(|(_, id)| *id == model).map(|(kind, _)| kind).collect()
}

impl<T> RangeView<T> {
    fn new(Range { default, min, max }: Range<T>) -> Self {
        Self { default, min, max }
    }
}

impl SizeView {
    fn new(size: &'static Size) -> Self {
        match size {
            Size::Pixels { min, max, min_pixels } => {
                Self::Pixels { min: *min, max: *max, min_pixels: (*min_pixels > 0).then_some(*min_pixels) }
            }
            Size::AspectRatio { ratios } | Size::ResolutionMode { ratios } => Self::Ratio { ratios },
            Size::Tier { ratios, tiers } => {
                let tiers = tiers.iter().map(|tier| TierView { name: &tier.name, side: tier.side }).collect();
                Self::Tier { ratios, tiers }
            }
            Size::Input => Self::Input,
        }
    }
}

impl PriceView {
    fn new(price: &'static Price) -> Self {
        Self {
            usd: price.micros.dollars(),
            unit: match price.unit {
                Unit::Megapixel => "megapixel",
                Unit::Image => "image",
            },
            inputs_billed: price.inputs,
            tiers: price.tiers.iter().map(|(name, price)| (name.as_str(), Usd::dollars(*price))).collect(),
            as_of: &price.as_of,
            source: &price.source,
            drift: None,
        }
    }
}
