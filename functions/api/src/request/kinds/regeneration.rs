//! The body that asks for an image to be made anew.

use likeness_domain::{
    kind::{Tuning, regeneration::Changes},
    prompt::Wording,
};
use serde::Deserialize;

use crate::request::errors::Errors;

/// What is to be different; the seed always is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Regenerate {
    seed: Option<u64>,
    /// In place of the whole prompt.
    prompt: Option<String>,
    negative_prompt: Option<String>,
    steps: Option<u32>,
    guidance: Option<f64>,
    /// For whom an app asks.
    pub(crate) end_user: Option<String>,
}

impl Regenerate {
    /// The changes; what is wrong with them is noted.
    pub(crate) fn changes(self, errors: &mut Errors, wording: &Wording) -> Changes {
        let Self { seed, prompt, negative_prompt, steps, guidance, end_user: _ } = self;
        let prompt = prompt.map(|prompt| prompt.trim().to_owned());
        let tuning = Tuning { seed, negative_prompt, steps, guidance, ..Tuning::default() };
        if let Some(prompt) = &prompt {
            errors.prompt("/prompt", prompt, wording);
        }
        errors.tuning(&tuning);
        Changes { prompt, tuning }
    }
}
