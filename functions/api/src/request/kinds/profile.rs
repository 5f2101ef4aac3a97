//! The body that asks for a subject from all around.

use std::collections::HashSet;

use likeness_core::{
    kind::{
        Kind, Profile, Tuning,
        profile::{EIGHT, MAX_ANGLES, Resolution, TWELVE},
    },
    prompt::Wording,
};
use serde::Deserialize;

use crate::{problem::ApiError, request::validation::Errors};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateProfile {
    pub(crate) master_reference_id: String,
    subject_id: String,
    angles: Option<Vec<u16>>,
    preset: Option<Preset>,
    #[serde(default)]
    resolution: Resolution,
    description: Option<String>,
    /// Dollars for making angles again that do not match the master; the project's unless given.
    reroll_budget: Option<f64>,
    model: Option<String>,
    seed: Option<u64>,
    negative_prompt: Option<String>,
    steps: Option<u32>,
    guidance: Option<f64>,
    output_format: Option<String>,
}

/// Named lists of angles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Preset {
    /// Every 30 degrees.
    #[serde(rename = "12")]
    Twelve,
    /// Every 45 degrees.
    #[serde(rename = "8")]
    Eight,
}

impl CreateProfile {
    pub(crate) fn validated(self, wording: &Wording) -> Result<Kind, ApiError> {
        let mut errors = Errors::default();
        let master = errors.image("/masterReferenceId", &self.master_reference_id);
        let subject = errors.check("/subjectId", self.subject_id.parse());
        if let Some(description) = &self.description {
            errors.prompt("/description", description.trim(), wording);
        }
        if self.angles.is_some() && self.preset.is_some() {
            errors.add("/preset", "cannot go with angles");
        }
        let angles = match (self.angles, self.preset) {
            (Some(angles), _) => angles,
            (None, Some(Preset::Eight)) => EIGHT.to_vec(),
            (None, Some(Preset::Twelve) | None) => TWELVE.to_vec(),
        };
        check_angles(&mut errors, &angles);
        let reroll_budget = self.reroll_budget.and_then(|dollars| errors.reroll_budget(dollars));
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
        let (Some(master), Some(subject)) = (master, subject) else {
            return Err(ApiError::NotFound { what: "subject" });
        };
        let description = self.description.map(|description| description.trim().to_owned());
        Ok(Kind::Profile(Profile {
            master,
            subject,
            angles,
            resolution: self.resolution,
            description,
            reroll_budget,
            tuning,
        }))
    }
}

fn check_angles(errors: &mut Errors, angles: &[u16]) {
    if angles.is_empty() || angles.len() > MAX_ANGLES {
        errors.add("/angles", format!("holds {} angles, 1 to {MAX_ANGLES} are allowed", angles.len()));
    }
    let mut seen = HashSet::new();
    for (index, angle) in angles.iter().enumerate() {
        let pointer = format!("/angles/{index}");
        if *angle >= 360 {
            errors.add(&pointer, format!("is {angle}, 0 to 359 are allowed; 360 is 0"));
        } else if !seen.insert(angle) {
            errors.add(&pointer, format!("names {angle} a second time"));
        }
    }
}
