//! An image as clients see it: addresses are made when it is read.

use std::collections::BTreeMap;

use likeness_core::clients::bucket::BucketError;
use likeness_domain::{
    id::{JobId, MediaId, PersonId, SubjectId},
    measured::Measured,
    media::Media,
    subject::{SubjectType, VisualSpecifications},
};
use serde::Serialize;

use crate::{
    app::App,
    problem::ApiError,
    views::{recipe::RecipeView, time::Time},
};

/// From this quality on a master reference passes.
const PASSING_QUALITY: f64 = 0.90;

/// An image.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageView {
    pub(crate) media_id: MediaId,
    pub(crate) image_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_id: Option<SubjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_type: Option<SubjectType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person_id: Option<PersonId>,
    /// Degrees from the front.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) angle: Option<u16>,
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<MediaId>,
    job_id: JobId,
    created_at: Time,
    pub(crate) url: String,
    pub(crate) webp_url: String,
    pub(crate) thumbnail_url: String,
    /// When the addresses end; absent where they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) urls_expire_at: Option<Time>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) content_type: String,
    bytes: u64,
    sha256: String,
    pub(crate) seed: u64,
    pub(crate) prompt: String,
    pub(crate) specifications: VisualSpecifications,
    pub(crate) quality_score: f64,
    pub(crate) quality_passed: bool,
    quality: BTreeMap<String, f64>,
    /// How well it shows each reference, 0 to 1, by slot.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) reference_scores: BTreeMap<String, f64>,
    /// What was measured of its figure, of a master reference: palette with names, heads per height, heights, words.
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<Measured>,
    recipe: RecipeView,
    fal_request_id: String,
    provider_retried: bool,
}

impl ImageView {
    pub(crate) async fn new(app: &App, media: Media) -> Result<Self, ApiError> {
        let now = app.clock.now();
        let url = async |key: &str| app.bucket.url(key, now).await.map_err(unsigned);
        let original = url(&media.original.key).await?;
        let webp = url(&media.webp.key).await?;
        let thumbnail = url(&media.thumbnail.key).await?;
        Ok(Self {
            media_id: media.id,
            image_type: media.image_type.as_str(),
            subject_id: media.subject,
            subject_type: media.subject_type,
            person_id: media.person,
            angle: media.recipe.angle,
            version: media.version,
            parent_id: media.parent,
            job_id: media.job,
            created_at: media.created_at.into(),
            url: original.url,
            webp_url: webp.url,
            thumbnail_url: thumbnail.url,
            urls_expire_at: original.expires_at.map(Time::from),
            width: media.width,
            height: media.height,
            content_type: media.original.content_type,
            bytes: media.original.bytes,
            sha256: media.original.sha256,
            seed: media.recipe.seed,
            prompt: media.recipe.prompt.clone(),
            specifications: media.specifications,
            quality_score: media.quality_score,
            quality_passed: media.quality_score >= PASSING_QUALITY,
            quality: media.quality,
            reference_scores: media.reference_scores,
            measured: media.measured,
            recipe: RecipeView::new(media.recipe),
            fal_request_id: media.request_id,
            provider_retried: media.provider_retried,
        })
    }

    pub(crate) async fn all(app: &App, media: Vec<Media>) -> Result<Vec<Self>, ApiError> {
        let mut views = Vec::with_capacity(media.len());
        for media in media {
            views.push(Self::new(app, media).await?);
        }
        Ok(views)
    }
}

fn unsigned(error: BucketError) -> ApiError {
    ApiError::Internal(Box::new(error))
}
