//! The recipe of an image: everything that made it, so that it can be made again. What a retry changes (model, steps,
//! prompt) is a new recipe; the old one stays on the attempt.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    id::{LoraId, MediaId},
    model::{Fitted, Model, Purchase, ReferenceField, Safety, Size},
    money::Usd,
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
        /// Its id.
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
    /// The picture.
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
    /// Its id.
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

/// Why a recipe cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSendable {
    /// The table no longer has its model.
    #[error("the model table has no {0:?}")]
    UnknownModel(String),
    /// A file that it names has no address.
    #[error("a file that the request goes by cannot be reached")]
    NoAddress,
}

impl Recipe {
    /// The model's row in the table.
    ///
    /// # Errors
    /// The table no longer has the model.
    pub fn model(&self) -> Result<&'static Model, NotSendable> {
        Model::by_id(&self.model).ok_or_else(|| NotSendable::UnknownModel(self.model.clone()))
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

    /// The JSON body for the endpoint: only what it takes, spelled as it spells it. `addresses` says where fal reaches the
    /// files, by their keys.
    ///
    /// # Errors
    /// The table no longer has the model, or a file has no address.
    pub fn input(&self, addresses: &HashMap<String, String>) -> Result<Value, NotSendable> {
        let model = self.model()?;
        let mut input = Map::new();
        let mut set = |name: &str, value: Value| input.insert(name.to_owned(), value);
        if model.prompt {
            set("prompt", json!(self.prompt));
        }
        for (name, value) in &model.fixed {
            set(name, value.clone());
        }
        set("num_images", json!(self.images));
        if model.output_formats.contains(&self.output_format) {
            set("output_format", json!(self.output_format));
        }
        if model.seed {
            set("seed", json!(self.seed));
        }
        match model.safety {
            Safety::Checker => {
                set("enable_safety_checker", json!(true));
            }
            Safety::Tolerance => {}
        }
        if let (Some(steps), Some(_)) = (self.steps, model.steps) {
            set("num_inference_steps", json!(steps));
        }
        if let (Some(guidance), Some(_)) = (self.guidance, model.guidance) {
            set("guidance_scale", json!(guidance));
        }
        if let (Some(strength), Some(_)) = (self.strength, model.strength) {
            set("strength", json!(strength));
        }
        if let (Some(negative), true) = (&self.negative_prompt, model.negative_prompt) {
            set("negative_prompt", json!(negative));
        }
        if let (Some(angle), true) = (self.angle, model.angle) {
            set("horizontal_angle", json!(angle));
        }
        for (name, value) in self.size_fields(model) {
            set(name, value);
        }
        let sources: Vec<&str> =
            self.references.iter().map(|source| source.address(addresses)).collect::<Result<_, _>>()?;
        if let (Some(references), Some(first)) = (&model.references, sources.first()) {
            match references.field {
                ReferenceField::ImageUrl => set("image_url", json!(first)),
                ReferenceField::ImageUrls => set("image_urls", json!(sources)),
                ReferenceField::ReferenceImageUrl => set("reference_image_url", json!(first)),
            };
        }
        if let (Some(weights), false) = (&model.control_weights, self.controls.is_empty()) {
            let controls: Vec<Value> =
                self.controls.iter().map(|control| control.input(addresses)).collect::<Result<_, _>>()?;
            set("controlnet_unions", json!([{ "path": weights, "controls": controls }]));
        }
        if model.max_loras > 0 && !self.loras.is_empty() {
            let loras: Vec<Value> = self.loras.iter().map(|lora| lora.input(addresses)).collect::<Result<_, _>>()?;
            set("loras", json!(loras));
        }
        Ok(Value::Object(input))
    }

    fn size_fields(&self, model: &Model) -> Vec<(&'static str, Value)> {
        let Fitted { width, height, ratio, tier } = model.size.fit(self.width, self.height);
        match model.size {
            Size::Pixels { .. } => vec![("image_size", json!({ "width": width, "height": height }))],
            Size::AspectRatio { .. } => ratio.into_iter().map(|ratio| ("aspect_ratio", json!(ratio))).collect(),
            Size::ResolutionMode { .. } => ratio.into_iter().map(|ratio| ("resolution_mode", json!(ratio))).collect(),
            Size::Tier { .. } => {
                let ratio = ratio.into_iter().map(|ratio| ("aspect_ratio", json!(ratio)));
                ratio.chain(tier.into_iter().map(|tier| ("resolution", json!(tier)))).collect()
            }
            Size::Input => Vec::new(),
        }
    }

    /// What one request of it buys.
    #[must_use]
    pub fn purchase(&self, images: u32) -> Purchase {
        let references = u32::try_from(self.references.len()).unwrap_or(u32::MAX);
        Purchase { width: self.width, height: self.height, images, references }
    }

    /// The most that this recipe, or any that a retry may turn it into, costs for one successful request.
    #[must_use]
    pub fn cost_bound(&self) -> Option<Usd> {
        let mut next = Model::by_id(&self.model);
        let mut bound = Some(Usd::ZERO);
        while let Some(model) = next {
            let cost = model.cost(self.on(model).purchase(self.images));
            bound = bound.zip(cost).map(|(bound, cost)| bound.max(cost));
            next = model.fallback();
        }
        bound
    }

    /// The same picture from `model`, as near as it can: inputs outside its ranges are set to its defaults, and what it
    /// does not take is left out.
    #[must_use]
    pub fn on(&self, model: &Model) -> Self {
        let Fitted { width, height, .. } = model.size.fit(self.width, self.height);
        Self {
            model: model.id.clone(),
            width,
            height,
            images: self.images.min(model.max_images),
            steps: model.steps.map(|range| self.steps.map_or(range.default, |steps| range.or_default(steps))),
            guidance: model.guidance.map(|range| self.guidance.map_or(range.default, |scale| range.or_default(scale))),
            strength: model.strength.map(|range| self.strength.map_or(range.default, |part| range.or_default(part))),
            negative_prompt: self.negative_prompt.clone().filter(|_| model.negative_prompt),
            references: if model.references.is_some() { self.references.clone() } else { Vec::new() },
            controls: if model.control_weights.is_some() { self.controls.clone() } else { Vec::new() },
            output_format: if model.output_formats.is_empty() || model.output_formats.contains(&self.output_format) {
                self.output_format.clone()
            } else {
                model.output_formats[0].clone()
            },
            ..self.clone()
        }
    }

    /// What of this, as it was asked for, `model` cannot take. Seed, steps and the like count only if the caller named
    /// them: `named` holds the parameters that a request spelled out.
    #[must_use]
    pub fn not_taken(&self, model: &Model, named: &[&str]) -> Vec<IgnoredParameter> {
        let on = self.on(model);
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

    /// The same picture with two thirds of the steps, or `None` where there is nothing to take away.
    #[must_use]
    pub fn with_fewer_steps(&self) -> Option<Self> {
        let range = self.model().ok()?.steps?;
        let steps = self.steps?;
        let fewer = (steps * 2 / 3).max(range.min);
        (fewer < steps).then(|| Self { steps: Some(fewer), ..self.clone() })
    }

    /// What makes two recipes the same picture: everything but where files lie, and but the seed where the caller left it
    /// to us.
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

    fn address<'a>(&'a self, addresses: &'a HashMap<String, String>) -> Result<&'a str, NotSendable> {
        match self {
            Self::Media { key, .. } => addresses.get(key).map(String::as_str).ok_or(NotSendable::NoAddress),
            Self::Url(url) => Ok(url),
        }
    }
}

impl Control {
    fn input(&self, addresses: &HashMap<String, String>) -> Result<Value, NotSendable> {
        Ok(json!({
            "control_image_url": self.image.address(addresses)?,
            "control_mode": self.mode,
            "conditioning_scale": self.strength,
        }))
    }
}

impl LoraUse {
    fn input(&self, addresses: &HashMap<String, String>) -> Result<Value, NotSendable> {
        let path = addresses.get(&self.key).ok_or(NotSendable::NoAddress)?;
        Ok(json!({ "path": path, "scale": self.scale }))
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

    fn image(number: u16) -> Source {
        let id = format!("img_01jd0000000000000000000000-{number}-0").parse().unwrap();
        Source::Media { id, key: format!("projects/demo/{number}.png"), sha256: format!("{number:064}") }
    }

    fn addresses() -> HashMap<String, String> {
        let images = (0..9).map(|number| format!("projects/demo/{number}.png"));
        let files = images.chain(["loras/ada/1.safetensors".to_owned()]);
        files.map(|key| (key.clone(), format!("https://r2.example/{key}?sig"))).collect()
    }

    #[test]
    fn an_endpoint_gets_only_what_it_takes() {
        insta::assert_json_snapshot!(recipe("flux-pro").input(&addresses()).unwrap(), @r#"
        {
          "image_size": {
            "height": 1024,
            "width": 1024
          },
          "num_images": 1,
          "output_format": "png",
          "prompt": "a keeper",
          "seed": 196619188014358660
        }
        "#);
        assert_eq!(recipe("flux-dev").input(&addresses()).unwrap()["num_inference_steps"], 50);
    }

    #[test]
    fn references_go_where_the_endpoint_looks_for_them() {
        let with = |model: &str, count: u16| {
            let references = (0..count).map(image).collect();
            Recipe { references, angle: Some(90), ..recipe(model) }.input(&addresses()).unwrap()
        };
        assert_eq!(with("kontext-pro", 1)["image_url"], "https://r2.example/projects/demo/0.png?sig");
        assert_eq!(with("kontext-pro", 1)["aspect_ratio"], "1:1");
        assert!(with("kontext-pro", 1)["image_size"].is_null());
        assert_eq!(with("kontext-dev", 1)["resolution_mode"], "1:1");
        assert_eq!(with("flux-2-edit", 3)["image_urls"].as_array().unwrap().len(), 3);
        let angle = with("multiple-angles", 1);
        assert_eq!(
            (&angle["horizontal_angle"], &angle["zoom"], &angle["prompt"]),
            (&json!(90), &json!(0), &Value::Null)
        );
        assert!(with("flux-2-edit", 1)["horizontal_angle"].is_null());
        assert_eq!(with("nano-banana-2-edit", 1)["resolution"], "1K");
        assert!(with("seedream-edit", 1)["output_format"].is_null());
        assert!(with("flux-image-to-image", 1)["image_size"].is_null());
    }

    #[test]
    fn loras_and_control_images_are_spelled_as_fal_spells_them() {
        let id = "1".parse().unwrap();
        let lora = LoraUse { id, key: "loras/ada/1.safetensors".to_owned(), scale: 1.0 };
        let input = Recipe { loras: vec![lora], ..recipe("flux-lora") }.input(&addresses()).unwrap();
        assert_eq!(input["loras"], json!([{ "path": "https://r2.example/loras/ada/1.safetensors?sig", "scale": 1.0 }]));
        let control = Control { image: image(2), mode: ControlMode::Pose, strength: 0.7 };
        let input = Recipe {
            controls: vec![control],
            references: vec![image(0)],
            negative_prompt: Some("hat".to_owned()),
            ..recipe("flux-general")
        };
        let input = input.input(&addresses()).unwrap();
        assert_eq!(input["controlnet_unions"][0]["controls"][0]["control_mode"], "pose");
        assert_eq!(input["controlnet_unions"][0]["path"], "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro");
        assert_eq!(input["reference_image_url"], "https://r2.example/projects/demo/0.png?sig");
        assert_eq!(input["negative_prompt"], "hat");
    }

    #[test]
    fn a_file_without_an_address_is_never_left_out_in_silence() {
        let recipe = Recipe { references: vec![image(0)], ..recipe("kontext-pro") };
        assert_eq!(recipe.input(&HashMap::new()), Err(NotSendable::NoAddress));
        assert_eq!(recipe.files(), [File::Image("projects/demo/0.png")]);
    }

    #[test]
    fn a_fallback_stays_in_its_own_ranges_and_under_the_bound() {
        let dev = recipe("flux-dev");
        let schnell = dev.on(dev.model().unwrap().fallback().unwrap());
        assert_eq!((schnell.steps, schnell.guidance), (Some(4), Some(8.0)));
        assert!(schnell.cost_bound() <= dev.cost_bound());
        let edit = Recipe { references: (0..4).map(image).collect(), ..recipe("flux-2-edit") };
        let multi = edit.on(edit.model().unwrap().fallback().unwrap());
        assert_eq!((multi.references.len(), multi.steps), (4, None));
        // Four references and one megapixel at 0.012 are more than one image at 0.04.
        assert_eq!(edit.cost_bound().unwrap().micros(), 60_000);
    }

    #[test]
    fn what_a_model_cannot_take_is_named_if_it_was_asked_for() {
        let wanted =
            Recipe { negative_prompt: Some("hat".to_owned()), references: vec![image(0)], ..recipe("flux-dev") };
        let ignored = |model: &str, named: &[&str]| -> Vec<String> {
            let ignored = wanted.not_taken(Model::by_id(model).unwrap(), named);
            ignored.into_iter().map(|one| one.parameter).collect()
        };
        let all = ["negativePrompt", "references", "seed", "steps", "guidance", "resolution"];
        assert_eq!(ignored("flux-dev", &all), ["negativePrompt", "references"]);
        assert_eq!(ignored("kontext-pro", &all), ["negativePrompt", "steps"]);
        assert_eq!(ignored("kontext-pro", &["negativePrompt"]), ["negativePrompt"]);
        assert!(ignored("flux-general", &all).is_empty());
        let wide = Recipe { width: 1920, height: 1080, ..recipe("kontext-multi") };
        let reason = &wide.not_taken(wide.model().unwrap(), &["resolution"])[0].reason;
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
