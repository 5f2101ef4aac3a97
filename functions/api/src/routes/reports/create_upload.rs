//! `POST /api/v1/projects/{project}/images/verify/uploads`: where to put a picture that was made elsewhere, to have it
//! compared. It is no image of the project: no record, nothing in any list.
//!
//! Journey: `tests/it/journeys/verify.rs`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use likeness_domain::id::UploadId;
use serde::{Deserialize, Serialize};

use crate::{
    access::{Project, Write},
    app::App,
    headers::{
        idempotency::idempotency,
        once::{Owner, claim},
    },
    problem::ApiError,
    request::body::JsonBody,
    views::upload::Upload,
};

/// How long the picture can be uploaded.
const UPLOAD_FOR: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateUpload {
    content_type: PictureType,
    bytes: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum PictureType {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/webp")]
    WebP,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CreatedUpload {
    upload_id: UploadId,
    upload: Upload,
}

pub(crate) async fn create_upload(
    State(app): State<Arc<App>>,
    project: Project<Write>,
    headers: HeaderMap,
    body: JsonBody<CreateUpload>,
) -> Result<Response, ApiError> {
    let idempotency = idempotency(&headers, "verify/uploads", &body.sha256)?;
    let most = app.largest_image;
    let CreateUpload { content_type, bytes } = body.valid(|body, errors| {
        if !(1..=most).contains(&body.bytes) {
            errors.add("/bytes", format!("must be 1 to {most}"));
        }
        Some(body)
    })?;
    let now = app.clock.now();
    let new = UploadId::new(app.rng.bytes::<16>());
    let upload_id = claim(&app, Owner::Project(&project.id), idempotency.as_ref(), new, now).await?.value;
    let key = upload_id.key(&project.id);
    let upload = Upload::new(&app, &key, content_type.as_str(), bytes, now + UPLOAD_FOR, now).await?;
    Ok((StatusCode::CREATED, Json(CreatedUpload { upload_id, upload })).into_response())
}

impl PictureType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }
}
