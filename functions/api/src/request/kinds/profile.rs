//! The body that asks for a subject from all around.

use std::collections::HashSet;

use likeness_domain::{
    kind::{
        Kind, Profile,
        profile::{EIGHT, MAX_ANGLES, Resolution, TWELVE},
    },
    prompt::Wording,
};
use serde::Deserialize;

use crate::request::{
    errors::Errors,
    kinds::{AsksFor, tuned::Tuned},
};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateProfile {
    master_reference_id: String,
    subject_id: String,
    angles: Option<Vec<u16>>,
    preset: Option<Preset>,
    #[serde(default)]
    resolution: Resolution,
    description: Option<String>,
    /// Dollars for making angles again that do not match the master; the project's unless given.
    reroll_budget: Option<f64>,
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

impl AsksFor for Tuned<CreateProfile> {
    fn kind(self, errors: &mut Errors, wording: &Wording) -> Option<Kind> {
        let CreateProfile { master_reference_id, subject_id, angles, preset, resolution, description, reroll_budget } =
            self.body;
        let master = errors.image("/masterReferenceId", &master_reference_id);
        let subject = errors.id("/subjectId", &subject_id);
        let description = description.map(|description| description.trim().to_owned());
        if let Some(description) = &description {
            errors.prompt("/description", description, wording);
        }
        if angles.is_some() && preset.is_some() {
            errors.add("/preset", "cannot be combined with angles; give one of the two");
        }
        let angles = match (angles, preset) {
            (Some(angles), _) => angles,
            (None, Some(Preset::Eight)) => EIGHT.to_vec(),
            (None, Some(Preset::Twelve) | None) => TWELVE.to_vec(),
        };
        check_angles(errors, &angles);
        let reroll_budget = reroll_budget.and_then(|dollars| errors.reroll_budget(dollars));
        errors.tuning(&self.tuning);
        Some(Kind::Profile(Profile {
            master: master?,
            subject: subject?,
            angles,
            resolution,
            description,
            reroll_budget,
            tuning: self.tuning,
        }))
    }
}

fn check_angles(errors: &mut Errors, angles: &[u16]) {
    if angles.is_empty() || angles.len() > MAX_ANGLES {
        errors.add("/angles", format!("must have 1 to {MAX_ANGLES} angles, and has {}", angles.len()));
    }
    let mut seen = HashSet::new();
    for (index, angle) in angles.iter().enumerate() {
        let pointer = format!("/angles/{index}");
        if *angle >= 360 {
            errors.add(&pointer, format!("must be 0 to 359 degrees (360 is 0), and is {angle}"));
        } else if !seen.insert(angle) {
            errors.add(&pointer, format!("repeats the angle {angle}"));
        }
    }
}
