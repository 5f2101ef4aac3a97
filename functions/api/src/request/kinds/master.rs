//! The body that asks for the definitive picture of a subject.

use likeness_core::{
    kind::{Kind, MasterReference, Tuning, master::MAX_VARIATIONS},
    prompt::Wording,
    subject::SubjectType,
};
use serde::Deserialize;

use crate::{problem::ApiError, request::validation::Errors};

/// Most pictures to go by; what a model takes is its own matter.
const MAX_REFERENCES: usize = 14;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateMaster {
    subject_type: SubjectType,
    subject_id: String,
    description: String,
    style: Option<String>,
    #[serde(default)]
    references: Vec<String>,
    variations: Option<u16>,
    model: Option<String>,
    seed: Option<u64>,
    negative_prompt: Option<String>,
    steps: Option<u32>,
    guidance: Option<f64>,
    output_format: Option<String>,
}

impl CreateMaster {
    pub(crate) fn validated(self, wording: &Wording) -> Result<Kind, ApiError> {
        let mut errors = Errors::default();
        errors.prompt("/description", self.description.trim(), wording);
        errors.words("/style", self.style.as_deref(), 200, wording);
        let subject_id = errors.check("/subjectId", self.subject_id.parse());
        if self.references.len() > MAX_REFERENCES {
            errors.add("/references", format!("holds more than {MAX_REFERENCES} images"));
        }
        let references = self.references.iter().enumerate();
        let references: Vec<_> =
            references.filter_map(|(index, pointer)| errors.image(&format!("/references/{index}"), pointer)).collect();
        let variations = errors.variations(self.variations, MAX_VARIATIONS);
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
        let Some(subject_id) = subject_id else { return Err(ApiError::NotFound { what: "subject" }) };
        Ok(Kind::Master(MasterReference {
            subject_type: self.subject_type,
            subject_id,
            description: self.description.trim().to_owned(),
            style: self.style,
            references,
            variations,
            tuning,
        }))
    }
}
