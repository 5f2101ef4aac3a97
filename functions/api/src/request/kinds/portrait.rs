//! The body that asks for pictures of a person, by a LoRA that knows their face.

use likeness_core::{
    id::LoraId,
    kind::{
        Kind, Portrait, Tuning,
        portrait::{Choices, DEFAULT_SIZE, MAX_IMAGES, PortraitPrompt, Sitter},
    },
    prompt::Wording,
};
use serde::Deserialize;

use crate::{
    problem::ApiError,
    request::{
        image_size::ImageSize,
        validation::{Errors, OLDEST},
    },
};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreatePortrait {
    person_id: Option<String>,
    lora_id: Option<LoraId>,
    prompt: Option<String>,
    choices: Option<Chosen>,
    num_images: Option<u32>,
    image_size: Option<ImageSize>,
    scale: Option<f64>,
    model: Option<String>,
    seed: Option<u64>,
    negative_prompt: Option<String>,
    steps: Option<u32>,
    guidance: Option<f64>,
    output_format: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Chosen {
    type_of_shot: String,
    costume: String,
    background: String,
    age: Option<u8>,
    gender: Option<String>,
    trigger_word: Option<String>,
}

impl CreatePortrait {
    pub(crate) fn validated(self, wording: &Wording) -> Result<Kind, ApiError> {
        let mut errors = Errors::default();
        let of = sitter(&mut errors, self.person_id.as_deref(), self.lora_id);
        let prompt = prompt(&mut errors, self.prompt, self.choices, wording);
        let images = number_of_images(&mut errors, "/numImages", self.num_images);
        let size = self.image_size.map_or(DEFAULT_SIZE, |size| size.checked("/imageSize", &mut errors));
        let scale = self.scale.unwrap_or(1.0);
        if !(0.0..=4.0).contains(&scale) {
            errors.add("/scale", format!("is {scale}, 0 to 4 are allowed"));
        }
        errors.plain("/scale", scale);
        let tuning = Tuning {
            model: self.model,
            seed: self.seed,
            negative_prompt: self.negative_prompt,
            steps: self.steps,
            guidance: self.guidance,
            output_format: self.output_format,
        };
        errors.tuning(&tuning);
        errors.finish()?;
        let (Some(of), Some(prompt)) = (of, prompt) else { return Err(ApiError::NotFound { what: "person" }) };
        Ok(Kind::Portrait(Portrait { of, prompt, images, size, scale, tuning }))
    }
}

/// Whom it shows: exactly one of the two.
fn sitter(errors: &mut Errors, person: Option<&str>, lora: Option<LoraId>) -> Option<Sitter> {
    match (person, lora) {
        (Some(person), None) => errors.check("/personId", person.parse()).map(Sitter::Person),
        (None, Some(lora)) => Some(Sitter::Lora(lora)),
        (Some(_), Some(_)) => {
            errors.add("/loraId", "cannot go with personId: a LoRA is of one person");
            None
        }
        (None, None) => {
            errors.add("/personId", "is missing, and so is loraId: one of the two says whom to show");
            None
        }
    }
}

/// What it shows: exactly one of the two.
fn prompt(
    errors: &mut Errors,
    prompt: Option<String>,
    choices: Option<Chosen>,
    wording: &Wording,
) -> Option<PortraitPrompt> {
    match (prompt, choices) {
        (Some(text), None) => {
            errors.prompt("/prompt", &text, wording);
            Some(PortraitPrompt::Text(text))
        }
        (None, Some(chosen)) => Some(PortraitPrompt::Built(chosen.validated(errors, wording))),
        (Some(_), Some(_)) => {
            errors.add("/choices", "cannot go with prompt, which is sent as it is");
            None
        }
        (None, None) => {
            errors.add("/prompt", "is missing, and so are choices: one of the two says what to show");
            None
        }
    }
}

pub(crate) fn number_of_images(errors: &mut Errors, pointer: &str, images: Option<u32>) -> u32 {
    let images = images.unwrap_or(MAX_IMAGES);
    if !(1..=MAX_IMAGES).contains(&images) {
        errors.add(pointer, format!("is {images}, 1 to {MAX_IMAGES} are allowed"));
    }
    images
}

impl Chosen {
    fn validated(self, errors: &mut Errors, wording: &Wording) -> Choices {
        let Self { type_of_shot, costume, background, age, gender, trigger_word } = self;
        for (name, text, most) in [
            ("typeOfShot", Some(&type_of_shot), 100),
            ("costume", Some(&costume), 200),
            ("background", Some(&background), 200),
            ("gender", gender.as_ref(), 50),
            ("triggerWord", trigger_word.as_ref(), 100),
        ] {
            errors.words(&format!("/choices/{name}"), text.map(String::as_str), most, wording);
        }
        if age.is_some_and(|age| age > OLDEST) {
            errors.add("/choices/age", format!("is not between 0 and {OLDEST}"));
        }
        Choices { type_of_shot, costume, background, age, gender, trigger_word }
    }
}
