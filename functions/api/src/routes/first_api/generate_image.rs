//! `POST /api/generate-image`: portraits in one call, in the words of the costume app. It is the job of
//! `create_portrait.rs` under another name; the LoRA says whose project pays.
//!
//! Journey: `tests/it/journeys/portrait.rs`.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use likeness_domain::{
    failure::{Failure, FailureCode},
    id::LoraId,
    kind::{
        Kind, Portrait, Tuning,
        portrait::{DEFAULT_SIZE, PortraitPrompt, Sitter},
    },
    limit::EndUser,
    prompt::Wording,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Visitor},
};

use crate::{
    access::{Caller, Generate, Project},
    app::App,
    headers::{cache::CACHE_HIT, prefer},
    problem::ApiError,
    quote,
    request::{
        body::JsonBody, dry_run::Mode, errors::Errors, image_size::ImageSize, kinds::portrait::number_of_images,
    },
    start_job::{Asked, Request, Started, accept, wait_for},
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
    /// For whom an app asks.
    #[serde(rename = "endUser")]
    end_user: Option<String>,
}

/// A LoRA by its number, also in digits.
#[derive(Debug, Clone, Copy)]
struct LoraNumber(LoraId);

impl<'de> Deserialize<'de> for LoraNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrDigits)
    }
}

struct NumberOrDigits;

impl Visitor<'_> for NumberOrDigits {
    type Value = LoraNumber;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number from 1")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<LoraNumber, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<LoraNumber, E> {
        // As clients write it whose numbers all have a point; `7` prints without one.
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: Error>(self, digits: &str) -> Result<LoraNumber, E> {
        digits.parse().map(LoraNumber).map_err(|_| E::custom("must be a whole number from 1"))
    }
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
    mode: Mode,
    headers: HeaderMap,
    body: JsonBody<GenerateImage>,
) -> Result<Response, ApiError> {
    let sha256 = body.sha256.clone();
    let (asked, mut errors) = body.checked(|body, errors| body.validated(errors, app.wording()));
    let Some(Portraits { lora, prompt, portrait, end_user }) = asked else { return Err(errors.refusal()) };
    let project = match payer(&app, &caller, lora).await {
        Ok(project) => project,
        // A request that is wrong in other ways too hears of those first.
        Err(unknown) => return Err(errors.finish().err().unwrap_or(unknown)),
    };
    let wait = errors.part(prefer::wait(&headers))?.flatten().unwrap_or(Duration::from_secs(prefer::MOST));
    let asked = Asked { kind: Some(Kind::Portrait(portrait)), end_user, errors, sha256 };
    let request = Request::new(&app, &project, asked, &headers, "generate-image").await?;
    if mode == Mode::Price {
        return quote::of_request(&app, &request).await;
    }
    let Started { stored, cached, rate_limit } = accept(&app, &request).await?;
    let stored = wait_for(&app, stored, wait).await?;
    let job = &stored.job.value;
    if job.ending().is_none() {
        let location = [(header::LOCATION, location(job.id))];
        let view = Json(JobView::new(&app, &stored).await?);
        let mut response = (StatusCode::ACCEPTED, location, view).into_response();
        rate_limit.write_to(response.headers_mut());
        return Ok(response);
    }
    let result = ResultView::new(&app, job, &stored.plain_shots()).await?;
    let Some(ResultView::Portrait(made)) = result else {
        let cancel_requested =
            || Failure::new(FailureCode::Canceled, "the request was canceled; ask for the images again");
        return Err(ApiError::NotMade(job.failure().cloned().unwrap_or_else(cancel_requested)));
    };
    let images = made.images.into_iter().map(GeneratedImage::from).collect();
    let generated = Generated { images, seed: made.seed, prompt };
    let mut response = (cached.then_some([CACHE_HIT]), Json(generated)).into_response();
    rate_limit.write_to(response.headers_mut());
    Ok(response)
}

/// The project of the LoRA, if the caller may generate there. A stranger's LoRA is no LoRA.
async fn payer(app: &App, caller: &Caller, lora: LoraId) -> Result<Project<Generate>, ApiError> {
    let lora = app.store.lora(lora).await?.ok_or(ApiError::NotFound { what: "LoRA" })?.value;
    caller.may_at(app, &lora.project, "LoRA").await
}

/// A valid request.
struct Portraits {
    lora: LoraId,
    prompt: String,
    portrait: Portrait,
    end_user: Option<EndUser>,
}

impl GenerateImage {
    fn validated(self, errors: &mut Errors, wording: &Wording) -> Option<Portraits> {
        let Self { prompt, lora_id: LoraNumber(lora), num_images, image_size, end_user } = self;
        errors.prompt("/prompt", &prompt, wording);
        let images = number_of_images(errors, "/num_images", num_images);
        let size = image_size.map_or(DEFAULT_SIZE, |size| size.checked("/image_size", errors));
        let (of, text) = (Sitter::Lora(lora), PortraitPrompt::Text(prompt.clone()));
        let portrait = Portrait { of, prompt: text, images, size, scale: 1.0, tuning: Tuning::default() };
        let end_user = errors.end_user(end_user.as_deref());
        Some(Portraits { lora, prompt, portrait, end_user })
    }
}

impl From<ImageView> for GeneratedImage {
    fn from(image: ImageView) -> Self {
        Self { url: image.url, width: image.width, height: image.height, content_type: image.content_type }
    }
}
