//! People: those whose likeness LoRAs hold, with what a prompt says about them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{LoraId, PersonId, ProjectId};

/// A person of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id, chosen by the caller.
    pub id: PersonId,
    /// The project that they belong to.
    pub project: ProjectId,
    /// A name for people; never part of a prompt.
    pub name: Option<String>,
    /// The word that stands for them in a prompt.
    pub trigger_word: Option<String>,
    /// Years.
    pub age: Option<u8>,
    /// In the caller's words.
    pub gender: Option<String>,
    /// The newest of their LoRAs that can be used.
    pub latest_lora: Option<LoraId>,
    /// When they were first written.
    pub created_at: Timestamp,
    /// When they were last written by a caller.
    pub updated_at: Timestamp,
}

impl Person {
    /// The person with a LoRA that can be used now; `None` where a newer one could be already.
    #[must_use]
    pub fn with_lora(mut self, lora: LoraId) -> Option<Self> {
        let newer = self.latest_lora.is_none_or(|latest| latest < lora);
        self.latest_lora = Some(lora);
        newer.then_some(self)
    }
}
