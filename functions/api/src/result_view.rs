//! What a job has made, in the form of its kind.

use std::collections::BTreeMap;

use jiff::Timestamp;
use likeness_core::{
    filing::Slot,
    id::{CollectionId, LoraId, MediaId, PersonId},
    job::{Job, JobState},
    kind::Kind,
    shot::Shot,
    subject::VisualSpecifications,
};
use serde::Serialize;

use crate::{app::App, image_view::ImageView, problem::ApiError};

/// The result of a job.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ResultView {
    /// A master reference.
    Master(Box<MasterResult>),
    /// A profile.
    Profile(ProfileResult),
    /// A scene.
    Composite(Box<CompositeResult>),
    /// Portraits.
    Portrait(PortraitResult),
    /// One image, made anew.
    Regeneration(Box<ImageView>),
}

/// A master reference: the first variation at the top, all of them in `images`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MasterResult {
    media_id: MediaId,
    url: String,
    webp_url: String,
    thumbnail_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    urls_expire_at: Option<Timestamp>,
    prompt: String,
    seed: u64,
    specifications: VisualSpecifications,
    quality_score: f64,
    quality_passed: bool,
    images: Vec<ImageView>,
}

/// The views of a subject, by angle. Of a profile that failed: what was made, without a collection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_id: Option<CollectionId>,
    images: Vec<ImageView>,
    master_reference_used: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

/// A scene: the first variation at the top, all of them in `images`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompositeResult {
    media_id: MediaId,
    url: String,
    webp_url: String,
    thumbnail_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    urls_expire_at: Option<Timestamp>,
    layers: Vec<LayerView>,
    composite_prompt: String,
    /// How well the scene shows each reference, 0 to 1, by the reference's image.
    consistency_scores: BTreeMap<String, f64>,
    quality_score: f64,
    images: Vec<ImageView>,
}

/// A reference in a scene.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerView {
    #[serde(flatten)]
    slot: Slot,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    /// Where it was found: left, top, width and height, as parts of the picture. Filled by the consistency checks.
    #[serde(rename = "box")]
    bounds: Option<[f64; 4]>,
}

/// The portraits of one request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortraitResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    person_id: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lora_id: Option<LoraId>,
    pub(crate) images: Vec<ImageView>,
    pub(crate) seed: u64,
    pub(crate) prompt: String,
}

impl ResultView {
    /// What `job` made; nothing before it has ended, nor where it made nothing.
    pub(crate) async fn new(app: &App, job: &Job, shots: &[Shot]) -> Result<Option<Self>, ApiError> {
        if job.ending().is_none() {
            return Ok(None);
        }
        let ids: Vec<MediaId> = shots.iter().flat_map(Shot::media).cloned().collect();
        let mut images = ImageView::all(app, app.store.media_of(&job.project, &ids).await?).await?;
        if images.is_empty() {
            return Ok(None);
        }
        Ok(Some(match &job.kind {
            Kind::Master(_) => Self::Master(Box::new(MasterResult::new(images))),
            Kind::Profile(profile) => {
                images.sort_by_key(|image| image.angle);
                let whole = matches!(job.state, JobState::Completed(_) | JobState::Partial(..));
                if whole {
                    let shown = profile.shown(shots);
                    images.retain(|image| image.angle.is_some_and(|angle| shown.contains(&angle)));
                }
                Self::Profile(ProfileResult {
                    collection_id: whole.then(|| job.id.collection()),
                    images,
                    master_reference_used: profile.master.to_string(),
                    warning: profile.warning(shots),
                })
            }
            Kind::Composite(_) => Self::Composite(Box::new(CompositeResult::new(images, &job.filing.slots))),
            Kind::Portrait(_) => Self::Portrait(PortraitResult {
                person_id: job.filing.person.clone(),
                lora_id: job.filing.lora,
                seed: images[0].seed,
                prompt: images[0].prompt.clone(),
                images,
            }),
            Kind::Regeneration(_) => Self::Regeneration(Box::new(images.remove(0))),
        }))
    }
}

impl MasterResult {
    fn new(images: Vec<ImageView>) -> Self {
        let first = &images[0];
        Self {
            media_id: first.media_id.clone(),
            url: first.url.clone(),
            webp_url: first.webp_url.clone(),
            thumbnail_url: first.thumbnail_url.clone(),
            urls_expire_at: first.urls_expire_at,
            prompt: first.prompt.clone(),
            seed: first.seed,
            specifications: first.specifications.clone(),
            quality_score: first.quality_score,
            quality_passed: first.quality_passed,
            images,
        }
    }
}

impl CompositeResult {
    fn new(images: Vec<ImageView>, slots: &[Slot]) -> Self {
        let first = &images[0];
        let score = |slot: &Slot| first.reference_scores.get(&slot.slot).copied();
        let scores = slots.iter().filter_map(|slot| Some((slot.reference.as_ref()?.to_string(), score(slot)?)));
        Self {
            media_id: first.media_id.clone(),
            url: first.url.clone(),
            webp_url: first.webp_url.clone(),
            thumbnail_url: first.thumbnail_url.clone(),
            urls_expire_at: first.urls_expire_at,
            layers: slots
                .iter()
                .map(|slot| LayerView { slot: slot.clone(), score: score(slot), bounds: None })
                .collect(),
            composite_prompt: first.prompt.clone(),
            consistency_scores: scores.collect(),
            quality_score: first.quality_score,
            images,
        }
    }
}
