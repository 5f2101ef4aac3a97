//! `PUT /api/v1/projects/{project}/people/{person}`: what a prompt says about somebody.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::{id::PersonId, person::Person};
use serde::Deserialize;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{
        body::JsonBody,
        extract::Path,
        validation::{Errors, OLDEST},
    },
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
    caller: Caller,
    Path((project, person)): Path<(String, String)>,
    body: JsonBody<PutPerson>,
) -> Result<Json<PersonView>, ApiError> {
    let project = caller.may(&app, Action::Write, &project).await?;
    let id: PersonId = person.parse().map_err(|_| ApiError::NotFound { what: "person" })?;
    validate(&body.value)?;
    let now = app.clock.now();
    let make = |existing: Option<Person>| {
        let PutPerson { name, trigger_word, age, gender } = body.value.clone();
        Ok::<_, ApiError>(Person {
            id: id.clone(),
            project: project.clone(),
            name,
            trigger_word,
            age,
            gender,
            latest_lora: existing.as_ref().and_then(|existing| existing.latest_lora),
            created_at: existing.map_or(now, |existing| existing.created_at),
            updated_at: now,
        })
    };
    let person = app.store.put_person(&project, &id, make).await??;
    Ok(Json(person.into()))
}

fn validate(body: &PutPerson) -> Result<(), ApiError> {
    let PutPerson { name, trigger_word, age, gender } = body;
    let mut errors = Errors::default();
    errors.optional_text("/name", name.as_deref(), 200);
    errors.optional_text("/triggerWord", trigger_word.as_deref(), 100);
    if age.is_some_and(|age| age > OLDEST) {
        errors.add("/age", format!("is not between 0 and {OLDEST}"));
    }
    errors.optional_text("/gender", gender.as_deref(), 50);
    errors.finish()
}
