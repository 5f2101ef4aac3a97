//! The body that asks for pictures of a person, by a LoRA that knows their face.

use likeness_domain::{
    id::LoraId,
    kind::{
        Kind, Portrait,
        portrait::{Choices, DEFAULT_SIZE, MAX_IMAGES, PortraitPrompt, Sitter},
    },
    prompt::Wording,
};
use serde::Deserialize;

use crate::request::{
    errors::Errors,
    image_size::ImageSize,
    kinds::{AsksFor, tuned::Tuned},
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

impl AsksFor for Tuned<CreatePortrait> {
    fn kind(self, errors: &mut Errors, wording: &Wording) -> Option<Kind> {
        let CreatePortrait { person_id, lora_id, prompt: text, choices, num_images, image_size, scale } = self.body;
        let of = sitter(errors, person_id.as_deref(), lora_id);
        let prompt = prompt(errors, text, choices, wording);
        let images = number_of_images(errors, "/numImages", num_images);
        let size = image_size.map_or(DEFAULT_SIZE, |size| size.checked("/imageSize", errors));
        let scale = scale.unwrap_or(1.0);
        if !(0.0..=4.0).contains(&scale) {
            errors.add("/scale", format!("must be 0 to 4, and is {scale}"));
        }
        errors.plain("/scale", scale);
        errors.tuning(&self.tuning);
        Some(Kind::Portrait(Portrait { of: of?, prompt: prompt?, images, size, scale, tuning: self.tuning }))
    }
}

/// The person or the LoRA that it shows: exactly one of the two.
fn sitter(errors: &mut Errors, person: Option<&str>, lora: Option<LoraId>) -> Option<Sitter> {
    match (person, lora) {
        (Some(person), None) => errors.id("/personId", person).map(Sitter::Person),
        (None, Some(lora)) => Some(Sitter::Lora(lora)),
        (Some(_), Some(_)) => {
            errors.add("/loraId", "cannot be combined with personId: a LoRA shows one person");
            None
        }
        (None, None) => {
            errors.add("/personId", "is missing, and so is loraId; give one of the two to say whom to show");
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
            errors.add("/choices", "cannot be combined with prompt, which is sent as it is");
            None
        }
        (None, None) => {
            errors.add("/prompt", "is missing, and so is choices; give one of the two to say what to show");
            None
        }
    }
}

pub(crate) fn number_of_images(errors: &mut Errors, pointer: &str, images: Option<u32>) -> u32 {
    let images = images.unwrap_or(MAX_IMAGES);
    if !(1..=MAX_IMAGES).contains(&images) {
        errors.add(pointer, format!("must be 1 to {MAX_IMAGES}, and is {images}"));
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
        errors.age("/choices/age", age);
        Choices { type_of_shot, costume, background, age, gender, trigger_word }
    }
}
