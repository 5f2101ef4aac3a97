//! `POST /api/v1/projects/{project}/loras/{lora}/complete`: the file is uploaded; it is checked and can then be used.
//!
//! Journey: `tests/it/journeys/loras.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use likeness_core::{
    clients::bucket::{BucketError, ObjectHead},
    store::Saved,
};
use likeness_domain::{
    id::LoraId,
    lora::{Lora, LoraState, base_model},
    safetensors::{Header, NotSafetensors, header_length, read_header},
};

use crate::{
    access::{Project, Write},
    app::App,
    headers::{
        idempotency::idempotency,
        once::{Owner, claim},
    },
    problem::{ApiError, FieldError},
    request::path::Named,
    routes::loras::find,
    views::lora::LoraView,
};

pub(crate) async fn complete_lora(
    State(app): State<Arc<App>>,
    Project { id: project, .. }: Project<Write>,
    Named(id): Named<LoraId>,
    headers: HeaderMap,
) -> Result<Json<LoraView>, ApiError> {
    // Completing twice is completing once, so that the key has nothing to keep but what it was used for.
    let idempotency = idempotency(&headers, &format!("loras/{id}/complete"), "")?;
    let once = claim(&app, Owner::Project(&project), idempotency.as_ref(), id, app.clock.now());
    once.await?;
    let mut tries = app.store.tries("the LoRA");
    loop {
        let before = find(&app, &project, id).await?;
        let lora = match before.value.state {
            LoraState::Uploading { bytes, upload_until } => {
                let lora = checked(&app, before.value.clone(), bytes, upload_until).await?;
                if app.store.save_lora(&before, &lora).await? == Saved::Conflict {
                    tries.again().await?;
                    continue;
                }
                lora
            }
            LoraState::Ready { .. } | LoraState::Rejected { .. } => before.value,
        };
        return match lora.state {
            LoraState::Rejected { reason, .. } => {
                let detail = format!("{reason} (this LoRA stays rejected: register a better file as a new one)");
                Err(ApiError::Unprocessable(vec![FieldError::body("", detail)]))
            }
            LoraState::Ready { .. } | LoraState::Uploading { .. } => Ok(Json(lora.into())),
        };
    }
}

/// The LoRA as it is after a look at its file, of which `announced` bytes are expected.
async fn checked(app: &App, lora: Lora, announced: u64, upload_until: Timestamp) -> Result<Lora, ApiError> {
    let now = app.clock.now();
    let Some(file) = app.bucket.head(&lora.key).await.map_err(unreachable)? else {
        let detail = if now < upload_until {
            "nothing was uploaded yet: PUT the file to `upload.url` first".to_owned()
        } else {
            format!("nothing was uploaded until {upload_until}: register the LoRA again")
        };
        return Err(ApiError::Conflict { detail });
    };
    let next = if file.bytes == announced {
        match inspect(app, &lora.key, &file).await.map_err(unreachable)?.ok_or_else(replaced)? {
            Ok(header) if let Err(refusal) = base_model(&header) => lora.rejected(refusal.to_string(), now),
            Ok(header) => {
                // The address to upload to outlives this check: what was checked goes where no client can write.
                let key = Lora::new_key(&lora.person, lora.id, &app.rng);
                let copied = app.bucket.copy(&lora.key, &file.etag, &key).await.map_err(unreachable)?;
                lora.ready(key, copied.ok_or_else(replaced)?, header, now)
            }
            Err(refusal) => lora.rejected(refusal.to_string(), now),
        }
    } else {
        let reason = format!("the file has {} bytes and {announced} were announced", file.bytes);
        lora.rejected(reason, now)
    };
    next.map_err(|error| ApiError::Internal(Box::new(error)))
}

/// Reads no more of `file` than its header; nothing where it was replaced meanwhile.
async fn inspect(
    app: &App,
    key: &str,
    file: &ObjectHead,
) -> Result<Option<Result<Header, NotSafetensors>>, BucketError> {
    let read = async |from, to| app.bucket.read_range(key, &file.etag, from, to).await;
    let first = if file.bytes < 8 { Some(Bytes::new()) } else { read(0, 7).await? };
    let Some(first) = first else { return Ok(None) };
    match header_length(&first, file.bytes) {
        Ok(length) => Ok(read(8, 7 + length).await?.map(|header| read_header(&header, file.bytes))),
        Err(refusal) => Ok(Some(Err(refusal))),
    }
}

fn replaced() -> ApiError {
    ApiError::Contended { what: "the file".to_owned() }
}

fn unreachable(error: BucketError) -> ApiError {
    ApiError::Unavailable(Box::new(error))
}
