//! A person as clients see it.

use likeness_domain::{
    id::{LoraId, PersonId},
    person::Person,
};
use serde::Serialize;

use crate::views::time::Time;

/// A person with the newest of their LoRAs that can be used.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonView {
    person_id: PersonId,
    name: Option<String>,
    trigger_word: Option<String>,
    age: Option<u8>,
    gender: Option<String>,
    latest_lora_id: Option<LoraId>,
    created_at: Time,
    updated_at: Time,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self {
            person_id: person.id,
            name: person.name,
            trigger_word: person.trigger_word,
            age: person.age,
            gender: person.gender,
            latest_lora_id: person.latest_lora,
            created_at: person.created_at.into(),
            updated_at: person.updated_at.into(),
        }
    }
}
