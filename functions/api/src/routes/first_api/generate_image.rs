//! `POST /api/generate-image`: portraits in one call, in the words of the costume app. It is the job of
//! `create_portrait.rs` under another name; the LoRA says whose project pays.
//!
//! Journey: `tests/it/journeys/portrait.rs`.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use likeness_core::{
    failure::{Failure, FailureCode},
    id::{LoraId, ProjectId},
    kind::{
        Kind, Portrait, Tuning,
        portrait::{DEFAULT_SIZE, PortraitPrompt, Sitter},
    },
    prompt::Wording,
};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, Caller},
    app::App,
    headers::prefer,
    problem::ApiError,
    request::{body::JsonBody, image_size::ImageSize, kinds::portrait::number_of_images, validation::Errors},
    start_job::{CACHE_HIT, Request, Started, accept, wait_for},
    views::{
        image::ImageView,
        job::{JobView, location},
        result::ResultView,
    },
};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GenerateImage {
    prompt: String,
    #[serde(rename = "loraId")]
    lora_id: LoraNumber,
    num_images: Option<u32>,
    image_size: Option<ImageSize>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "must be a whole number from 1")]
enum LoraNumber {
    Number(LoraId),
    Digits(String),
}

/// Exactly what the app expects.
#[derive(Debug, Serialize)]
struct Generated {
    images: Vec<GeneratedImage>,
    seed: u64,
    prompt: String,
}

#[derive(Debug, Serialize)]
struct GeneratedImage {
    url: String,
    width: u32,
    height: u32,
    content_type: String,
}

pub(crate) async fn generate_image(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: JsonBody<GenerateImage>,
) -> Result<Response, ApiError> {
    let prompt = body.value.prompt.clone();
    let (lora, portrait) = body.value.validated(app.wording())?;
    let project = payer(&app, &caller, lora).await?;
    let kind = Kind::Portrait(portrait);
    let request = Request::new(&caller, project, kind, &headers, "generate-image", &body.sha256)?;
    let wait = prefer::wait(&headers)?.unwrap_or(Duration::from_secs(prefer::MOST));
    let Started { stored, cached } = accept(&app, &request).await?;
    let stored = wait_for(&app, stored, wait).await?;
    let job = &stored.job.value;
    if job.ending().is_none() {
        let location = [(header::LOCATION, location(job.id))];
        return Ok((StatusCode::ACCEPTED, location, Json(JobView::new(&app, &stored).await?)).into_response());
    }
    let result = ResultView::new(&app, job, &stored.plain_shots()).await?;
    let Some(ResultView::Portrait(made)) = result else {
        let taken_back = || Failure::new(FailureCode::Canceled, "the images were taken back: ask for them again");
        return Err(ApiError::NotMade(job.failure().cloned().unwrap_or_else(taken_back)));
    };
    let images = made.images.into_iter().map(GeneratedImage::from).collect();
    let generated = Generated { images, seed: made.seed, prompt };
    Ok((cached.then_some([CACHE_HIT]), Json(generated)).into_response())
}

/// The project of the LoRA, if the caller may generate there. A stranger's LoRA is no LoRA.
async fn payer(app: &App, caller: &Caller, lora: LoraId) -> Result<ProjectId, ApiError> {
    let unknown = || ApiError::NotFound { what: "LoRA" };
    let lora = app.store.lora(lora).await?.ok_or_else(unknown)?.value;
    match caller.may(app, Action::Generate, lora.project.as_str()).await {
        Err(ApiError::NotFound { .. }) => Err(unknown()),
        allowed_or_not => allowed_or_not,
    }
}

impl GenerateImage {
    fn validated(self, wording: &Wording) -> Result<(LoraId, Portrait), ApiError> {
        let mut errors = Errors::default();
        errors.prompt("/prompt", &self.prompt, wording);
        let lora = match self.lora_id {
            LoraNumber::Number(lora) => Some(lora),
            LoraNumber::Digits(digits) => errors.check("/loraId", digits.parse::<LoraId>()),
        };
        let images = number_of_images(&mut errors, "/num_images", self.num_images);
        let size = self.image_size.map_or(DEFAULT_SIZE, |size| size.checked("/image_size", &mut errors));
        errors.finish()?;
        let lora = lora.ok_or(ApiError::NotFound { what: "LoRA" })?;
        let (of, prompt) = (Sitter::Lora(lora), PortraitPrompt::Text(self.prompt));
        Ok((lora, Portrait { of, prompt, images, size, scale: 1.0, tuning: Tuning::default() }))
    }
}

impl From<ImageView> for GeneratedImage {
    fn from(image: ImageView) -> Self {
        Self { url: image.url, width: image.width, height: image.height, content_type: image.content_type }
    }
}
