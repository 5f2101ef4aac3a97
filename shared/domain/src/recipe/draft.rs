//! A picture as it is wanted, before a model is chosen. Fitted to one, it becomes a recipe.

use super::{Control, IgnoredParameter, LoraUse, Recipe, Source};
use crate::model::{Fitted, Model};

/// A picture as it is wanted. The fields are those of [`Recipe`].
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub prompt: String,
    pub template: String,
    pub seed: u64,
    pub width: u32,
    pub height: u32,
    pub steps: Option<u32>,
    pub guidance: Option<f64>,
    pub images: u32,
    pub output_format: String,
    pub negative_prompt: Option<String>,
    pub strength: Option<f64>,
    pub angle: Option<u16>,
    pub references: Vec<Source>,
    pub controls: Vec<Control>,
    pub loras: Vec<LoraUse>,
}

impl Draft {
    /// What is sent to `model` for it: inputs outside the model's ranges are set to its defaults, and what it does not
    /// take is left out.
    #[must_use]
    pub fn fitted_to(&self, model: &Model) -> Recipe {
        let Fitted { width, height, .. } = model.size.fit(self.width, self.height);
        let wanted = self.clone();
        Recipe {
            model: model.id.clone(),
            prompt: wanted.prompt,
            template: wanted.template,
            seed: wanted.seed,
            width,
            height,
            steps: model.steps.map(|range| self.steps.map_or(range.default, |steps| range.or_default(steps))),
            guidance: model.guidance.map(|range| self.guidance.map_or(range.default, |scale| range.or_default(scale))),
            images: self.images.min(model.max_images),
            output_format: if model.output_formats.is_empty() || model.output_formats.contains(&self.output_format) {
                wanted.output_format
            } else {
                model.output_formats[0].clone()
            },
            negative_prompt: wanted.negative_prompt.filter(|_| model.negative_prompt),
            strength: model.strength.map(|range| self.strength.map_or(range.default, |part| range.or_default(part))),
            angle: wanted.angle,
            references: if model.references.is_some() { wanted.references } else { Vec::new() },
            controls: if model.control_weights.is_some() { wanted.controls } else { Vec::new() },
            loras: wanted.loras,
        }
    }

    /// What of this, as it was asked for, `model` cannot take. Seed, steps and the like count only if the caller named
    /// them: `named` holds the parameters that a request spelled out.
    #[must_use]
    pub fn not_taken(&self, model: &Model, named: &[&str]) -> Vec<IgnoredParameter> {
        let on = self.fitted_to(model);
        let all = [
            ("negativePrompt", self.negative_prompt != on.negative_prompt, "negative prompt"),
            ("references", self.references.len() > on.references.len(), "reference images"),
            ("controlImages", self.controls.len() > on.controls.len(), "control images"),
            ("seed", !model.seed, "seed"),
            ("steps", self.steps.is_some() && model.steps.is_none(), "number of steps"),
            ("guidance", self.guidance.is_some() && model.guidance.is_none(), "guidance scale"),
        ];
        let no_prompt = (!model.prompt).then(|| {
            let reason = format!("{} takes no prompt: it goes by the image and the angle alone", model.id);
            IgnoredParameter::new("prompt", reason)
        });
        let mut ignored: Vec<IgnoredParameter> = all
            .into_iter()
            .filter(|(parameter, lost, _)| *lost && named.contains(parameter))
            .map(|(parameter, _, what)| IgnoredParameter::new(parameter, format!("{} takes no {what}", model.id)))
            .chain(no_prompt)
            .collect();
        if named.contains(&"resolution") && (self.width, self.height) != (on.width, on.height) {
            let reason = format!("{} makes {} x {} pixels of this", model.id, on.width, on.height);
            ignored.push(IgnoredParameter::new("resolution", reason));
        }
        ignored
    }
}
