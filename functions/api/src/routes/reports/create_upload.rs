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
use http::StatusCode;
use jiff::SignedDuration;
use likeness_core::id::UploadId;
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, extract::Path, validation::Errors},
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
    caller: Caller,
    Path(project): Path<String>,
    body: JsonBody<CreateUpload>,
) -> Result<Response, ApiError> {
    let project = caller.may(&app, Action::Write, &project).await?;
    let CreateUpload { content_type, bytes } = body.value;
    let mut errors = Errors::default();
    if !(1..=app.largest_image).contains(&bytes) {
        errors.add("/bytes", format!("is not between 1 and {}", app.largest_image));
    }
    errors.finish()?;
    let upload_id = UploadId::new(app.entropy.bytes::<16>());
    let key = upload_id.key(&project);
    let upload = Upload::new(&app, &key, content_type.as_str(), UPLOAD_FOR, app.clock.now()).await?;
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
