//! The recipe of an image: everything that made it, so that it can be made again. What a retry changes (model, steps,
//! prompt) is a new recipe; the old one stays on the attempt.

mod draft;

pub use draft::Draft;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    id::{LoraId, MediaId},
    model::{Model, Purchase},
};

/// What stands in place of a template where a caller replaced the whole prompt.
pub const OWN_WORDS: &str = "own";

/// What is sent to fal for one shot, in our terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipe {
    /// Our name of the model.
    pub model: String,
    /// The final prompt.
    pub prompt: String,
    /// The template and version that made the prompt, or [`OWN_WORDS`].
    pub template: String,
    /// The seed; fixed when the job is accepted, so that a retry makes the same picture.
    pub seed: u64,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Inference steps, where the model takes them.
    pub steps: Option<u32>,
    /// Guidance scale, where the model takes it.
    pub guidance: Option<f64>,
    /// Images of this one request.
    pub images: u32,
    /// `jpeg`, `png` or `webp`.
    pub output_format: String,
    /// What must not be in the picture, where the model takes that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// How far the picture may depart from its reference, where the model takes that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
    /// From where the subject is seen: 0 degrees is the front, 90 its right side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub angle: Option<u16>,
    /// Pictures to go by, in the order in which the prompt speaks of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Source>,
    /// Pictures that lay out the scene.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Control>,
    /// Learned likenesses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loras: Vec<LoraUse>,
}

/// Where a picture comes from that a request goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// An image of the project.
    Media {
        id: MediaId,
        /// The object that is handed to fal.
        key: String,
        /// Of its bytes.
        sha256: String,
    },
    /// An address of the caller's, handed to fal as it is.
    Url(String),
}

/// A picture that lays out the scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Control {
    pub image: Source,
    /// What is read off it.
    pub mode: ControlMode,
    /// How strictly it is followed, 0 to 2.
    pub strength: f64,
}

/// What a control image says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ControlMode {
    /// Outlines.
    Canny,
    /// Distances.
    Depth,
    /// Bodies as stick figures.
    Pose,
    /// Masses of light and colour.
    Blur,
    /// The same in grey.
    Gray,
}

/// A LoRA and how strongly it acts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoraUse {
    pub id: LoraId,
    /// The object that holds its weights.
    pub key: String,
    /// 0 to 4.
    pub scale: f64,
}

/// A file that fal has to fetch for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File<'a> {
    /// The key of an image.
    Image(&'a str),
    /// The key of a LoRA's weights.
    Weights(&'a str),
}

/// A parameter that the model cannot take. Reported on the job, never dropped in silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IgnoredParameter {
    /// Its name in the request.
    pub parameter: String,
    /// Why it has no effect.
    pub reason: String,
}

impl IgnoredParameter {
    pub(crate) fn new(parameter: &str, reason: String) -> Self {
        Self { parameter: parameter.to_owned(), reason }
    }
}

/// A recipe whose model the table no longer has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model table has no {0:?}")]
pub struct UnknownModel(pub String);

impl Recipe {
    /// The model's row in the table.
    ///
    /// # Errors
    /// The table no longer has the model.
    pub fn model(&self) -> Result<&'static Model, UnknownModel> {
        Model::by_id(&self.model).ok_or_else(|| UnknownModel(self.model.clone()))
    }

    /// What fal has to fetch from our bucket.
    #[must_use]
    pub fn files(&self) -> Vec<File<'_>> {
        let images = self.references.iter().chain(self.controls.iter().map(|control| &control.image));
        let images = images.filter_map(|source| match source {
            Source::Media { key, .. } => Some(File::Image(key)),
            Source::Url(_) => None,
        });
        images.chain(self.loras.iter().map(|lora| File::Weights(&lora.key))).collect()
    }

    /// What one request of it buys.
    #[must_use]
    pub fn purchase(&self, images: u32) -> Purchase {
        let references = u32::try_from(self.references.len()).unwrap_or(u32::MAX);
        Purchase { width: self.width, height: self.height, images, references }
    }

    /// The same picture from `model`, as near as it can.
    #[must_use]
    pub fn on(&self, model: &Model) -> Self {
        self.draft().fitted_to(model)
    }

    /// What was wanted, without the model.
    #[must_use]
    pub fn draft(&self) -> Draft {
        let recipe = self.clone();
        Draft {
            prompt: recipe.prompt,
            template: recipe.template,
            seed: recipe.seed,
            width: recipe.width,
            height: recipe.height,
            steps: recipe.steps,
            guidance: recipe.guidance,
            images: recipe.images,
            output_format: recipe.output_format,
            negative_prompt: recipe.negative_prompt,
            strength: recipe.strength,
            angle: recipe.angle,
            references: recipe.references,
            controls: recipe.controls,
            loras: recipe.loras,
        }
    }

    /// The same picture with two thirds of the steps, or `None` where there is nothing to take away.
    #[must_use]
    pub fn with_fewer_steps(&self) -> Option<Self> {
        let range = self.model().ok()?.steps?;
        let steps = self.steps?;
        let fewer = (steps * 2 / 3).max(range.min);
        (fewer < steps).then(|| Self { steps: Some(fewer), ..self.clone() })
    }

    /// What makes two recipes the same picture: everything but where files lie, and but the seed where the caller left
    /// it to us.
    #[must_use]
    pub fn content(&self, seed_was_given: bool) -> Value {
        let source = |source: &Source| match source {
            Source::Media { sha256, .. } => json!({ "sha256": sha256 }),
            Source::Url(url) => json!({ "url": url }),
        };
        let controls = self.controls.iter();
        let controls = controls.map(|control| json!([source(&control.image), control.mode, control.strength]));
        json!({
            "model": self.model,
            "prompt": self.prompt,
            "seed": seed_was_given.then_some(self.seed),
            "size": [self.width, self.height],
            "steps": self.steps,
            "guidance": self.guidance,
            "images": self.images,
            "format": self.output_format,
            "negative": self.negative_prompt,
            "strength": self.strength,
            "angle": self.angle,
            "references": self.references.iter().map(source).collect::<Vec<_>>(),
            "controls": controls.collect::<Vec<_>>(),
            "loras": self.loras.iter().map(|lora| json!([lora.id, lora.scale])).collect::<Vec<_>>(),
        })
    }
}

impl Source {
    /// The image of the project that it is.
    #[must_use]
    pub fn media(&self) -> Option<&MediaId> {
        match self {
            Self::Media { id, .. } => Some(id),
            Self::Url(_) => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A recipe for `model` that asks for everything.
    pub(crate) fn recipe(model: &str) -> Recipe {
        Recipe {
            model: model.to_owned(),
            prompt: "a keeper".to_owned(),
            template: "master-character@1".to_owned(),
            seed: 196_619_188_014_358_660,
            width: 1024,
            height: 1024,
            steps: Some(50),
            guidance: Some(8.0),
            images: 1,
            output_format: "png".to_owned(),
            negative_prompt: None,
            strength: None,
            angle: None,
            references: Vec::new(),
            controls: Vec::new(),
            loras: Vec::new(),
        }
    }

    pub(crate) fn image(number: u16) -> Source {
        let id = format!("img_01jd0000000000000000000000-{number}-0").parse().unwrap();
        Source::Media { id, key: format!("projects/demo/{number}.png"), sha256: format!("{number:064}") }
    }

    #[test]
    fn the_files_of_a_recipe_are_those_in_our_bucket() {
        let references = vec![image(0), Source::Url("https://images.example.com/a.png".to_owned())];
        let recipe = Recipe { references, ..recipe("kontext-multi") };
        assert_eq!(recipe.files(), [File::Image("projects/demo/0.png")]);
    }

    #[test]
    fn a_fallback_stays_in_its_own_ranges() {
        let dev = recipe("flux-dev");
        let schnell = dev.on(dev.model().unwrap().fallback().unwrap());
        assert_eq!((schnell.steps, schnell.guidance), (Some(4), Some(8.0)));
        let edit = Recipe { references: (0..4).map(image).collect(), ..recipe("flux-2-edit") };
        let multi = edit.on(edit.model().unwrap().fallback().unwrap());
        assert_eq!((multi.references.len(), multi.steps), (4, None));
    }

    #[test]
    fn what_a_model_cannot_take_is_named_if_it_was_asked_for() {
        let wanted =
            Recipe { negative_prompt: Some("hat".to_owned()), references: vec![image(0)], ..recipe("flux-dev") };
        let ignored = |model: &str, named: &[&str]| -> Vec<String> {
            let ignored = wanted.draft().not_taken(Model::by_id(model).unwrap(), named);
            ignored.into_iter().map(|one| one.parameter).collect()
        };
        let all = ["negativePrompt", "references", "seed", "steps", "guidance", "resolution"];
        assert_eq!(ignored("flux-dev", &all), ["negativePrompt", "references"]);
        assert_eq!(ignored("kontext-pro", &all), ["negativePrompt", "steps"]);
        assert_eq!(ignored("kontext-pro", &["negativePrompt"]), ["negativePrompt"]);
        assert!(ignored("flux-general", &all).is_empty());
        let wide = Recipe { width: 1920, height: 1080, ..recipe("kontext-multi") };
        let reason = &wide.draft().not_taken(wide.model().unwrap(), &["resolution"])[0].reason;
        assert_eq!(reason, "kontext-multi makes 1360 x 768 pixels of this");
    }

    #[test]
    fn steps_shrink_and_then_stop() {
        let fewer = recipe("flux-dev").with_fewer_steps().unwrap();
        assert_eq!(fewer.steps, Some(33));
        assert!(Recipe { steps: Some(1), ..fewer }.with_fewer_steps().is_none());
        assert!(recipe("flux-pro").with_fewer_steps().is_none());
    }

    #[test]
    fn the_content_of_a_recipe_is_what_is_seen_in_the_picture() {
        let one = Recipe { references: vec![image(0)], ..recipe("kontext-pro") };
        let Source::Media { id, sha256, .. } = image(0) else { panic!("it is one of ours") };
        let moved = Source::Media { id, sha256, key: "elsewhere.png".to_owned() };
        assert_eq!(one.content(true), Recipe { references: vec![moved], ..one.clone() }.content(true));
        assert_ne!(one.content(true), Recipe { references: vec![image(1)], ..one.clone() }.content(true));
        assert_ne!(one.content(true), Recipe { seed: 7, ..one.clone() }.content(true));
        assert_eq!(one.content(false), Recipe { seed: 7, ..one.clone() }.content(false));
    }
}
