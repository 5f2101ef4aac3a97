//! The recipe of an image: everything that made it, so that it can be made again. What a retry changes (model, steps,
//! prompt) is a new recipe; the old one stays on the attempt.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{model::Model, money::Usd};

/// What is sent to fal for one shot, in our terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipe {
    /// Our name of the model.
    pub model: String,
    /// The final prompt.
    pub prompt: String,
    /// The template and version that made the prompt.
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
    /// `jpeg` or `png`.
    pub output_format: String,
}

/// A recipe that names a model which the table no longer has.
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

    /// The JSON body for the endpoint: only what it takes, spelled as it spells it.
    ///
    /// # Errors
    /// The table no longer has the model.
    pub fn input(&self) -> Result<Value, UnknownModel> {
        let model = self.model()?;
        let mut input = Map::new();
        input.insert("prompt".to_owned(), json!(self.prompt));
        input.insert("image_size".to_owned(), json!({ "width": self.width, "height": self.height }));
        input.insert("num_images".to_owned(), json!(self.images));
        input.insert("output_format".to_owned(), json!(self.output_format));
        if model.seed {
            input.insert("seed".to_owned(), json!(self.seed));
        }
        if model.safety_checker {
            input.insert("enable_safety_checker".to_owned(), json!(true));
        }
        if let (Some(steps), Some(_)) = (self.steps, model.steps) {
            input.insert("num_inference_steps".to_owned(), json!(steps));
        }
        if let (Some(guidance), Some(_)) = (self.guidance, model.guidance) {
            input.insert("guidance_scale".to_owned(), json!(guidance));
        }
        Ok(Value::Object(input))
    }

    /// The most that this recipe, or any that a retry may turn it into, costs for one successful request.
    #[must_use]
    pub fn cost_bound(&self) -> Option<Usd> {
        let mut model = Model::by_id(&self.model);
        let mut bound = Some(Usd::ZERO);
        while let Some(candidate) = model {
            let cost = candidate.cost(self.width, self.height, self.images);
            bound = bound.zip(cost).map(|(bound, cost)| bound.max(cost));
            model = candidate.fallback();
        }
        bound
    }

    /// The same picture from `model`, with inputs outside its ranges set to its defaults.
    #[must_use]
    pub fn on(&self, model: &Model) -> Self {
        Self {
            model: model.id.clone(),
            steps: model.steps.map(|range| self.steps.map_or(range.default, |steps| range.or_default(steps))),
            guidance: model.guidance.map(|range| self.guidance.map_or(range.default, |scale| range.or_default(scale))),
            ..self.clone()
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(model: &str) -> Recipe {
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
        }
    }

    #[test]
    fn an_endpoint_gets_only_what_it_takes() {
        insta::assert_json_snapshot!(recipe("flux-pro").input().unwrap(), @r#"
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
        assert_eq!(recipe("flux-dev").input().unwrap()["num_inference_steps"], 50);
    }

    #[test]
    fn a_fallback_stays_in_its_own_ranges_and_under_the_bound() {
        let dev = recipe("flux-dev");
        let schnell = dev.on(dev.model().unwrap().fallback().unwrap());
        assert_eq!((schnell.steps, schnell.guidance), (Some(4), Some(8.0)));
        assert!(schnell.cost_bound() <= dev.cost_bound());
    }

    #[test]
    fn steps_shrink_and_then_stop() {
        let fewer = recipe("flux-dev").with_fewer_steps().unwrap();
        assert_eq!(fewer.steps, Some(33));
        assert!(Recipe { steps: Some(1), ..fewer }.with_fewer_steps().is_none());
        assert!(recipe("flux-pro").with_fewer_steps().is_none());
    }
}
