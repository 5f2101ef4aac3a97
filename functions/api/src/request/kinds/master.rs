//! The body that asks for the definitive picture of a subject.

use likeness_domain::{
    kind::{Kind, MasterReference, master::MAX_VARIATIONS},
    prompt::Wording,
    subject::SubjectType,
};
use serde::Deserialize;

use crate::request::{
    errors::Errors,
    kinds::{AsksFor, tuned::Tuned},
};

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
}

impl AsksFor for Tuned<CreateMaster> {
    fn kind(self, errors: &mut Errors, wording: &Wording) -> Option<Kind> {
        let CreateMaster { subject_type, subject_id, description, style, references, variations } = self.body;
        errors.prompt("/description", description.trim(), wording);
        errors.words("/style", style.as_deref(), 200, wording);
        let subject_id = errors.id("/subjectId", &subject_id);
        if references.len() > MAX_REFERENCES {
            errors
                .add("/references", format!("must have at most {MAX_REFERENCES} images, and has {}", references.len()));
        }
        let references = references.iter().enumerate();
        let references =
            references.filter_map(|(index, pointer)| errors.image(&format!("/references/{index}"), pointer)).collect();
        let variations = errors.variations(variations, MAX_VARIATIONS);
        errors.tuning(&self.tuning);
        Some(Kind::Master(MasterReference {
            subject_type,
            subject_id: subject_id?,
            description: description.trim().to_owned(),
            style,
            references,
            variations,
            tuning: self.tuning,
        }))
    }
}
