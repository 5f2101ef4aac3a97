//! `PUT /api/v1/projects/{project}/people/{person}`: what a prompt says about a person.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::{id::PersonId, person::Person};
use serde::Deserialize;

use crate::{
    access::{Project, Write},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, errors::Errors, path::Named},
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
    let now = app.clock.now();
    let make = |existing: Option<Person>| {
        let PutPerson { name, trigger_word, age, gender } = body.clone();
        Ok::<_, ApiError>(Person {
            id: id.clone(),
            project: project.id.clone(),
            name,
            trigger_word,
            age,
            gender,
            latest_lora: existing.as_ref().and_then(|existing| existing.latest_lora),
            created_at: existing.map_or(now, |existing| existing.created_at),
            updated_at: now,
        })
    };
    let person = app.store.put_person(&project.id, &id, make).await??;
    Ok(Json(person.into()))
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
