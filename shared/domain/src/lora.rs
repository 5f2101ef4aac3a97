//! LoRAs: weights that teach a model one person's likeness. A caller uploads the file; it is checked before it is used.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{LoraId, PersonId, ProjectId},
    rng::Rng,
    safetensors::{BaseModel, Contents, Header},
};

/// A LoRA of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lora {
    /// Its id, given by the store; a later one is a greater number.
    pub id: LoraId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Whom it shows.
    pub person: PersonId,
    /// The word that it was trained with, where that is not the person's.
    pub trigger_word: Option<String>,
    /// Where its file is in the bucket. No answer shows it, but for the address to upload to.
    pub key: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: LoraState,
}

/// Where a LoRA stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoraState {
    /// The file is on its way.
    Uploading {
        /// The size that was announced.
        bytes: u64,
        /// Until when it can be uploaded.
        upload_until: Timestamp,
    },
    /// It can be used.
    Ready {
        /// The file's size.
        bytes: u64,
        /// The file as it was checked, in the bucket's words.
        etag: String,
        /// How many tensors it holds.
        tensors: u32,
        /// What it was trained for, where the file tells: FLUX.1, as nothing else can be used.
        base_model: Option<BaseModel>,
        /// What the trainer wrote into it about itself.
        metadata: BTreeMap<String, String>,
        /// Since when.
        ready_at: Timestamp,
    },
    /// The file is not one that can be used.
    Rejected {
        /// What is wrong with it.
        reason: String,
        /// Since when.
        at: Timestamp,
    },
}

/// Why a sound file is not used: what is made with it would be paid for and show no trace of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotUsable {
    /// A LoRA of another base model.
    #[error("this LoRA was trained for {0}, and portraits are made with FLUX.1: train it for FLUX.1 (dev)")]
    OtherBaseModel(BaseModel),
    /// A checkpoint.
    #[error("this is a whole model and no LoRA: upload the LoRA's own .safetensors file")]
    WholeModel,
    /// A textual inversion.
    #[error("this is a textual inversion (an embedding) and no LoRA: upload the LoRA's own .safetensors file")]
    Embedding,
}

/// What the file was trained for, where it tells.
///
/// # Errors
/// It is known to be of no use. A file that says nothing of its base model is used.
pub fn base_model(header: &Header) -> Result<Option<BaseModel>, NotUsable> {
    match header.contents {
        Contents::Lora(None) => Ok(None),
        Contents::Lora(Some(BaseModel::Flux1)) => Ok(Some(BaseModel::Flux1)),
        Contents::Lora(Some(other)) => Err(NotUsable::OtherBaseModel(other)),
        Contents::WholeModel => Err(NotUsable::WholeModel),
        Contents::Embedding => Err(NotUsable::Embedding),
    }
}

/// A check of a LoRA that was checked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("already checked")]
pub struct AlreadyChecked;

impl Lora {
    /// Where the file of `id` goes. Half of it is random: the bucket may have a public domain, and faces are private.
    #[must_use]
    pub fn new_key(person: &PersonId, id: LoraId, rng: &Rng) -> String {
        format!("loras/{person}/{id}-{}.safetensors", hex::encode(rng.bytes::<16>()))
    }

    /// Whether it can be used.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.state, LoraState::Ready { .. })
    }

    /// The file is as announced and is what it should be ([`base_model`]), and lies under `key` now: the one to which
    /// it was uploaded can be written to for a while still.
    ///
    /// # Errors
    /// It was checked before.
    pub fn ready(mut self, key: String, etag: String, header: Header, now: Timestamp) -> Result<Self, AlreadyChecked> {
        let LoraState::Uploading { bytes, .. } = self.state else { return Err(AlreadyChecked) };
        let base_model = base_model(&header).ok().flatten();
        let Header { tensors, metadata, contents: _ } = header;
        self.key = key;
        self.state = LoraState::Ready { bytes, etag, tensors, base_model, metadata, ready_at: now };
        Ok(self)
    }

    /// The file cannot be used. That is final: a better one is another LoRA.
    ///
    /// # Errors
    /// It was checked before.
    pub fn rejected(mut self, reason: String, now: Timestamp) -> Result<Self, AlreadyChecked> {
        let LoraState::Uploading { .. } = self.state else { return Err(AlreadyChecked) };
        self.state = LoraState::Rejected { reason, at: now };
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::Person;

    fn uploading() -> Lora {
        let (id, person) = (LoraId::try_from(7).unwrap(), "ada".parse().unwrap());
        let now = Timestamp::UNIX_EPOCH;
        Lora {
            id,
            project: "demo".parse().unwrap(),
            key: Lora::new_key(&person, id, &Rng::seeded(1)),
            person,
            trigger_word: None,
            created_at: now,
            state: LoraState::Uploading { bytes: 100, upload_until: now },
        }
    }

    #[test]
    fn a_lora_is_checked_once() {
        let header = Header { tensors: 2, contents: Contents::Lora(None), metadata: BTreeMap::new() };
        let ready = |lora: Lora| lora.ready("k".to_owned(), "e".to_owned(), header.clone(), Timestamp::UNIX_EPOCH);
        let checked = ready(uploading()).unwrap();
        assert_eq!((checked.is_ready(), checked.key.as_str()), (true, "k"));
        assert_eq!(checked.rejected("x".to_owned(), Timestamp::UNIX_EPOCH), Err(AlreadyChecked));
        let rejected = uploading().rejected("x".to_owned(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(!rejected.is_ready());
        assert_eq!(ready(rejected), Err(AlreadyChecked));
    }

    #[test]
    fn a_key_cannot_be_guessed() {
        let key = uploading().key;
        let random = key.strip_prefix("loras/ada/7-").and_then(|rest| rest.strip_suffix(".safetensors")).unwrap();
        assert_eq!(random.len(), 32);
        let id = LoraId::try_from(7).unwrap();
        assert_ne!(key, Lora::new_key(&"ada".parse().unwrap(), id, &Rng::seeded(2)));
    }

    #[test]
    fn the_latest_lora_is_the_greatest() {
        let person = Person {
            id: "ada".parse().unwrap(),
            project: "demo".parse().unwrap(),
            name: None,
            trigger_word: None,
            age: None,
            gender: None,
            latest_lora: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        let [two, three] = [2, 3].map(|number| LoraId::try_from(number).unwrap());
        let person = person.with_lora(two).unwrap().with_lora(three).unwrap();
        assert_eq!(person.latest_lora, Some(three));
        assert_eq!(person.clone().with_lora(two), None);
        assert_eq!(person.with_lora(three), None);
    }
}
