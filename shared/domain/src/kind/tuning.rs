//! What every kind lets a caller say about the generation itself, checked against what the model takes.

use serde::{Deserialize, Serialize};

use super::Unfit;
use crate::{field::Field, model::Model, recipe::Draft, rng::Rng};

/// What every kind lets a caller say about the generation itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tuning {
    /// Our name of a model in the table, instead of the kind's own.
    pub model: Option<String>,
    /// The first image's seed; image i has seed + i.
    pub seed: Option<u64>,
    /// What must not be in the picture.
    pub negative_prompt: Option<String>,
    /// Inference steps, instead of the kind's own.
    pub steps: Option<u32>,
    /// Guidance scale, instead of the kind's own.
    pub guidance: Option<f64>,
    /// `jpeg`, `png` or `webp`, instead of the kind's own.
    pub output_format: Option<String>,
}

impl Tuning {
    /// What the caller spelled out, by the names of the request.
    pub(super) fn named(&self) -> Vec<&'static str> {
        let all = [
            ("seed", self.seed.is_some()),
            ("negativePrompt", self.negative_prompt.is_some()),
            ("steps", self.steps.is_some()),
            ("guidance", self.guidance.is_some()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    /// One PNG of no references: what every kind begins with. `steps` is the kind's default.
    pub(super) fn draft(
        &self,
        prompt: String,
        template: String,
        seed: u64,
        (width, height): (u32, u32),
        steps: u32,
    ) -> Draft {
        Draft {
            prompt,
            template,
            seed,
            width,
            height,
            steps: Some(self.steps.unwrap_or(steps)),
            guidance: self.guidance,
            images: 1,
            output_format: self.output_format.clone().unwrap_or_else(|| "png".to_owned()),
            negative_prompt: self.negative_prompt.clone(),
            strength: None,
            angle: None,
            references: Vec::new(),
            controls: Vec::new(),
            loras: Vec::new(),
        }
    }

    /// The model that makes it.
    pub(super) fn model(&self, default: &str) -> Result<&'static Model, Unfit> {
        let name = self.model.as_deref().unwrap_or(default);
        Model::by_id(name).ok_or_else(|| {
            let known: Vec<&str> = Model::all().iter().map(|model| model.id.as_str()).collect();
            Unfit::new(Field::Model, format!("is not a known model; known are {}", known.join(", ")))
        })
    }

    /// Checks what was spelled out against what `model` takes.
    pub(super) fn check(&self, model: &Model) -> Result<(), Unfit> {
        let outside = |field, least: &dyn std::fmt::Display, most: &dyn std::fmt::Display| {
            Unfit::new(field, format!("must be {least} to {most} for {}", model.id))
        };
        let mut found = Vec::new();
        if let (Some(steps), Some(range)) = (self.steps, model.steps)
            && !range.holds(steps)
        {
            found.push(outside(Field::Steps, &range.min, &range.max));
        }
        if let (Some(guidance), Some(range)) = (self.guidance, model.guidance)
            && !range.holds(guidance)
        {
            found.push(outside(Field::Guidance, &range.min, &range.max));
        }
        if let Some(format) = &self.output_format
            && !model.output_formats.contains(format)
        {
            let known = model.output_formats.join(", ");
            found.push(Unfit::new(Field::OutputFormat, format!("must be one of {known} for {}", model.id)));
        }
        Unfit::none_of(found)
    }

    /// The first image's seed: the caller's, or one of ours. Ours stay within 32 bits: every endpoint takes those, and
    /// JavaScript keeps their digits.
    pub(super) fn seed(&self, rng: &Rng) -> u64 {
        self.seed.unwrap_or_else(|| u64::from(rng.range(0..=u32::MAX - 1000)))
    }
}
