//! `POST /api/v1/projects/{project}/loras`: announces a LoRA; its file goes straight to the bucket.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use likeness_domain::{
    id::PersonId,
    lora::{Lora, LoraState},
};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Project, Write},
    app::App,
    headers::{
        idempotency::idempotency,
        once::{Claim, Owner, claim},
    },
    problem::{ApiError, FieldError},
    request::{body::JsonBody, errors::Errors},
    routes::loras::find,
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

/// A valid request.
struct Announced {
    person: PersonId,
    trigger_word: Option<String>,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct CreatedLora {
    #[serde(flatten)]
    lora: LoraView,
    /// Absent once it was uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<Upload>,
}

pub(crate) async fn create_lora(
    State(app): State<Arc<App>>,
    project: Project<Write>,
    headers: HeaderMap,
    body: JsonBody<CreateLora>,
) -> Result<Response, ApiError> {
    let idempotency = idempotency(&headers, "loras", &body.sha256)?;
    let Announced { person, trigger_word, bytes } = body.valid(CreateLora::validated)?;
    if app.store.person(&project.id, &person).await?.is_none() {
        let place = format!("/api/v1/projects/{}/people/{person}", project.id);
        let detail = format!("is not a person of this project; PUT {place} first");
        return Err(FieldError::body("/personId", detail).into());
    }
    let now = app.clock.now();
    let id = app.store.next_lora_id().await?;
    let Claim { value: id, first } = claim(&app, Owner::Project(&project.id), idempotency.as_ref(), id, now).await?;
    let new = Lora {
        id,
        key: Lora::new_key(&person, id, &app.rng),
        project: project.id.clone(),
        person,
        trigger_word,
        created_at: now,
        state: LoraState::Uploading { bytes, upload_until: now + UPLOAD_FOR },
    };
    let lora = match app.store.create_lora(&new).await? {
        true => new,
        false if first => return Err(ApiError::Contended { what: "the LoRA".to_owned() }),
        // The first call made it.
        false => find(&app, &project.id, id).await?.value,
    };
    answer(&app, lora, now).await
}

async fn answer(app: &App, lora: Lora, now: Timestamp) -> Result<Response, ApiError> {
    let upload = match &lora.state {
        LoraState::Uploading { bytes, upload_until } => {
            Some(Upload::new(app, &lora.key, CONTENT_TYPE, *bytes, *upload_until, now).await?)
        }
        LoraState::Ready { .. } | LoraState::Rejected { .. } => None,
    };
    let location = format!("/api/v1/projects/{}/loras/{}", lora.project, lora.id);
    let answer = Json(CreatedLora { lora: lora.into(), upload });
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response())
}

impl CreateLora {
    fn validated(self, errors: &mut Errors) -> Option<Announced> {
        let Self { person_id, trigger_word, bytes, file_name } = self;
        let person = errors.id("/personId", &person_id);
        errors.optional_text("/triggerWord", trigger_word.as_deref(), 100);
        if !(1..=LARGEST).contains(&bytes) {
            errors.add("/bytes", format!("must be 1 to {LARGEST}"));
        }
        errors.optional_text("/fileName", file_name.as_deref(), 255);
        if file_name.as_ref().is_some_and(|name| !name.to_ascii_lowercase().ends_with(".safetensors")) {
            errors.add("/fileName", "must end in .safetensors, the one format that is taken; convert the file to it");
        }
        Some(Announced { person: person?, trigger_word, bytes })
    }
}
