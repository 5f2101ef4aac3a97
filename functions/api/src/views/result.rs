//! What a job has made, in the form of its kind.

use std::collections::BTreeMap;

use likeness_domain::{
    id::{CollectionId, LoraId, MediaId, PersonId},
    job::{Job, JobState},
    kind::Kind,
    report::{
        Report,
        content::{Content, Frame, SceneSlot, SlotState},
    },
    shot::Shot,
    storage_plan::Slot,
    subject::VisualSpecifications,
};
use serde::Serialize;

use crate::{
    app::App,
    problem::ApiError,
    views::{consistency::ConsistencyView, image::ImageView, report::Findings, time::Time},
};

/// The result of a job.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ResultView {
    /// A master reference.
    Master(Box<MasterResult>),
    /// A profile.
    Profile(Box<ProfileResult>),
    /// A scene.
    Composite(Box<CompositeResult>),
    /// Portraits.
    Portrait(PortraitResult),
    /// One image, made anew.
    Regeneration(Box<ImageView>),
    /// A comparison.
    Verification(Box<Findings>),
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
    urls_expire_at: Option<Time>,
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
    /// Absent where nothing was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    consistency: Option<ConsistencyView>,
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
    urls_expire_at: Option<Time>,
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
    /// What became of it, where that was looked at, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Where it was found: left, top, width and height, as parts of the picture.
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
        let report = match job.report {
            Some(id) => app.store.report(&job.project, id).await?,
            None => None,
        };
        let ids: Vec<MediaId> = shown(job, shots).into_iter().flat_map(Shot::media).cloned().collect();
        let mut images = ImageView::all(app, app.store.media_of(&job.project, &ids).await?).await?;
        Ok(Some(match &job.kind {
            Kind::Verification(_) => match report {
                Some(report) => Self::Verification(Box::new(Findings::new(app, report).await?)),
                None => return Ok(None),
            },
            _ if images.is_empty() => return Ok(None),
            Kind::Master(_) => Self::Master(Box::new(MasterResult::new(images))),
            Kind::Profile(profile) => {
                images.sort_by_key(|image| image.angle);
                Self::Profile(Box::new(ProfileResult {
                    collection_id: is_whole(job).then(|| job.id.collection()),
                    images,
                    master_reference_used: profile.master.to_string(),
                    warning: profile.warning(shots),
                    consistency: match report {
                        Some(report) => ConsistencyView::new(app, &report).await?,
                        None => None,
                    },
                }))
            }
            Kind::Composite(_) => {
                let looked = report.map(|report| seen_in(report, &images[0].media_id));
                let looked = looked.unwrap_or_default();
                Self::Composite(Box::new(CompositeResult::new(images, &job.storage_plan.slots, &looked)))
            }
            Kind::Portrait(_) => Self::Portrait(PortraitResult {
                person_id: job.storage_plan.person.clone(),
                lora_id: job.storage_plan.lora,
                seed: images[0].seed,
                prompt: images[0].prompt.clone(),
                images,
            }),
            Kind::Regeneration(_) => Self::Regeneration(Box::new(images.remove(0))),
        }))
    }
}

/// Of a profile that was made the best try of each angle; else everything.
fn shown<'a>(job: &Job, shots: &'a [Shot]) -> Vec<&'a Shot> {
    match &job.kind {
        Kind::Profile(profile) if is_whole(job) => profile.chosen(shots, &job.judged),
        Kind::Profile(_)
        | Kind::Master(_)
        | Kind::Composite(_)
        | Kind::Portrait(_)
        | Kind::Regeneration(_)
        | Kind::Verification(_) => shots.iter().collect(),
    }
}

fn is_whole(job: &Job) -> bool {
    matches!(job.state, JobState::Completed(_) | JobState::Partial(..))
}

/// What a report says of the references in one scene.
fn seen_in(report: Report, image: &MediaId) -> Vec<SceneSlot> {
    match report.content {
        Content::Scene(scene) => {
            let image = scene.images.into_iter().find(|seen| seen.media_id.as_ref() == Some(image));
            image.map(|image| image.slots).unwrap_or_default()
        }
        Content::Pair(_) | Content::Set(_) => Vec::new(),
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
    /// `looked` is what the checks say of the first image.
    fn new(images: Vec<ImageView>, slots: &[Slot], looked: &[SceneSlot]) -> Self {
        let first = &images[0];
        let layers: Vec<LayerView> = slots
            .iter()
            .map(|slot| LayerView::new(slot, looked.iter().find(|seen| seen.slot == slot.slot), first))
            .collect();
        let scores = layers.iter().filter_map(|layer| Some((layer.slot.reference.as_ref()?.to_string(), layer.score?)));
        Self {
            media_id: first.media_id.clone(),
            url: first.url.clone(),
            webp_url: first.webp_url.clone(),
            thumbnail_url: first.thumbnail_url.clone(),
            urls_expire_at: first.urls_expire_at,
            consistency_scores: scores.collect(),
            layers,
            composite_prompt: first.prompt.clone(),
            quality_score: first.quality_score,
            images,
        }
    }
}

impl LayerView {
    /// The checks know better than the colours by which a reference is looked for when its image is stored.
    fn new(slot: &Slot, looked: Option<&SceneSlot>, image: &ImageView) -> Self {
        let by_colours = || image.reference_scores.get(&slot.slot).copied();
        let score = match looked {
            Some(SceneSlot { state: SlotState::NotJudged { .. }, .. }) | None => by_colours(),
            Some(seen) => seen.score,
        };
        Self {
            slot: slot.clone(),
            score,
            state: looked.map(|seen| seen.state.as_str()),
            reason: looked.and_then(|seen| seen.state.reason()).map(str::to_owned),
            bounds: looked.and_then(|seen| seen.place).map(Frame::bounds),
        }
    }
}
