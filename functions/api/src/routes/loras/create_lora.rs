//! `POST /api/v1/projects/{project}/loras`: announces a LoRA; its file goes straight to the bucket.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use jiff::SignedDuration;
use likeness_core::{
    id::PersonId,
    lora::{Lora, LoraState},
};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::{ApiError, FieldError},
    request::{body::JsonBody, extract::Path, validation::Errors},
    views::{lora::LoraView, upload::Upload},
};

/// How long the file can be uploaded.
const UPLOAD_FOR: SignedDuration = SignedDuration::from_hours(1);
/// The largest file.
const LARGEST: u64 = 2 << 30;
/// What the file is stored as, whatever a browser takes it for.
const CONTENT_TYPE: &str = "application/octet-stream";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateLora {
    person_id: String,
    trigger_word: Option<String>,
    bytes: u64,
    file_name: Option<String>,
}

#[derive(Debug, Serialize)]
struct CreatedLora {
    #[serde(flatten)]
    lora: LoraView,
    upload: Upload,
}

pub(crate) async fn create_lora(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    body: JsonBody<CreateLora>,
) -> Result<Response, ApiError> {
    let project = caller.may(&app, Action::Write, &project).await?;
    let person = body.value.validate()?;
    let CreateLora { trigger_word, bytes, .. } = body.value;
    if app.store.person(&project, &person).await?.is_none() {
        let detail = format!("there is no such person: PUT /api/v1/projects/{project}/people/{person} first");
        return Err(FieldError::body("/personId", detail).into());
    }
    let now = app.clock.now();
    let id = app.store.next_lora_id().await?;
    let upload_until = now + UPLOAD_FOR;
    let lora = Lora {
        id,
        key: Lora::new_key(&person, id, &app.entropy),
        project,
        person,
        trigger_word,
        created_at: now,
        state: LoraState::Uploading { bytes, upload_until },
    };
    let upload = Upload::new(&app, &lora.key, CONTENT_TYPE, UPLOAD_FOR, now).await?;
    if !app.store.create_lora(&lora).await? {
        return Err(ApiError::Conflict { detail: format!("the LoRA id {id} is taken; try again") });
    }
    let location = format!("/api/v1/projects/{}/loras/{id}", lora.project);
    let answer = Json(CreatedLora { lora: lora.into(), upload });
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response())
}

impl CreateLora {
    /// Checks everything and returns the person's id.
    fn validate(&self) -> Result<PersonId, ApiError> {
        let mut errors = Errors::default();
        let person = errors.check("/personId", self.person_id.parse::<PersonId>());
        errors.optional_text("/triggerWord", self.trigger_word.as_deref(), 100);
        if !(1..=LARGEST).contains(&self.bytes) {
            errors.add("/bytes", format!("is not between 1 and {LARGEST}"));
        }
        errors.optional_text("/fileName", self.file_name.as_deref(), 255);
        if self.file_name.as_ref().is_some_and(|name| !name.to_ascii_lowercase().ends_with(".safetensors")) {
            errors
                .add("/fileName", "does not end in .safetensors, the one format that is taken: convert the file to it");
        }
        errors.finish()?;
        person.ok_or(ApiError::NotFound { what: "person" })
    }
}
