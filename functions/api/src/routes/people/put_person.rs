//! `PUT /api/v1/projects/{project}/people/{person}`: what a prompt says about somebody.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::{id::PersonId, person::Person, store::Saved};
use serde::Deserialize;

use crate::{
    access::{Project, Write},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, errors::Errors, path::Named},
    tries::Tries,
    views::person::PersonView,
};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PutPerson {
    name: Option<String>,
    trigger_word: Option<String>,
    age: Option<u8>,
    gender: Option<String>,
}

pub(crate) async fn put_person(
    State(app): State<Arc<App>>,
    project: Project<Write>,
    Named(id): Named<PersonId>,
    body: JsonBody<PutPerson>,
) -> Result<Json<PersonView>, ApiError> {
    let body = body.valid(PutPerson::validated)?;
    let mut tries = Tries::default();
    loop {
        let now = app.clock.now();
        let PutPerson { name, trigger_word, age, gender } = body.clone();
        let existing = app.store.person(&project.id, &id).await?;
        let person = Person {
            id: id.clone(),
            project: project.id.clone(),
            name,
            trigger_word,
            age,
            gender,
            latest_lora: existing.as_ref().and_then(|existing| existing.value.latest_lora),
            created_at: existing.as_ref().map_or(now, |existing| existing.value.created_at),
            updated_at: now,
        };
        if app.store.put_person(&person, existing.map(|existing| existing.revision)).await? == Saved::Yes {
            return Ok(Json(person.into()));
        }
        if !tries.another(&app.entropy).await {
            return Err(ApiError::Contended { what: "the person" });
        }
    }
}

impl PutPerson {
    #[expect(clippy::unnecessary_wraps, reason = "as a check of a body is")]
    fn validated(self, errors: &mut Errors) -> Option<Self> {
        errors.optional_text("/name", self.name.as_deref(), 200);
        errors.optional_text("/triggerWord", self.trigger_word.as_deref(), 100);
        errors.age("/age", self.age);
        errors.optional_text("/gender", self.gender.as_deref(), 50);
        Some(self)
    }
}
