//! From a valid request to a job that can be accepted: look up what it names, plan it, look whether it was answered
//! before, give it its turns. The API takes this step for requests, and ingest for the next step of a workflow.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    config::{ConfigError, Env, LaneBacklog, Planning, QueueConfig, StoreConfig},
    deadline::watch_deadline,
    entropy::Entropy,
    expected,
    id::{JobId, ProjectId, UserId, WorkflowId},
    job::{Job, JobStatus},
    kind::{Kind, Material, Plan, Portrait, Setting, Unfit, Verification, portrait::Sitter, verification::Examined},
    lane::Lane,
    media::Media,
    money::Usd,
    pointer::ImagePointer,
    queue::{IngestHint, LaneHint, Queues},
    shot::{Rank, Shot},
    store::{JobView, Store, StoreError},
    subject::Subject,
};

/// What taking requests in touches.
#[derive(Debug, Clone)]
pub struct Intake {
    /// The table.
    pub store: Store,
    /// The queues.
    pub queues: Queues,
    /// How requests are planned.
    pub planning: Planning,
    /// How much a lane takes.
    pub backlog: LaneBacklog,
    /// For ids and seeds.
    pub entropy: Entropy,
}

/// A valid request of somebody who may make it.
#[derive(Debug, Clone)]
pub struct Order {
    /// The project that pays.
    pub project: ProjectId,
    /// Who asks.
    pub created_by: UserId,
    /// What for.
    pub kind: Kind,
    /// The caller's own, given back as it is.
    pub metadata: Option<Value>,
    /// Whether an earlier job may answer it.
    pub may_be_cached: bool,
    /// Whether its job may answer later ones: not where that keeps something of the caller's own.
    pub may_answer: bool,
    /// The chain that it is a step of.
    pub workflow: Option<WorkflowId>,
    /// How long it may take from when it is accepted.
    pub cancel_after: Option<SignedDuration>,
}

/// What came of an order.
#[derive(Debug, Clone)]
pub enum Prepared {
    /// It was made before.
    Cached(Box<JobView>),
    /// It can be accepted.
    New {
        /// The job.
        job: Box<Job>,
        /// Its shots.
        shots: Vec<Shot>,
        /// The subject that comes into being with it.
        subject: Option<Box<Subject>>,
    },
}

/// An image that a request names.
pub(crate) enum Found {
    /// It is there.
    There(Box<Media>),
    /// A job is making it: what it will be, as far as that can be said.
    Coming(Box<Media>),
}

/// Why an order cannot be accepted.
#[derive(Debug, thiserror::Error)]
pub enum Declined {
    /// It asks for what cannot be.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It names an image that is still being made.
    #[error("{pointer} {detail}")]
    NotReady {
        /// JSON pointer into the request.
        pointer: String,
        /// What to wait for.
        detail: String,
    },
    /// Its lane has as much waiting as it takes.
    #[error("too much waits in the {} lane", lane.name())]
    LaneFull {
        /// Which.
        lane: Lane,
        /// When there may be room, if admission goes on as in the last minute.
        room_in: SignedDuration,
    },
    /// The table was out of reach or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Steps of a workflow that was taken may fill a lane to so many times what others may, so that what is refused at the door
/// does not get in before them.
const ROOM_FOR_STEPS: u64 = 2;

impl Intake {
    /// From the configuration of a function that may touch the table and the queues.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env, entropy: Entropy) -> Result<Self, ConfigError> {
        Ok(Self {
            store: Store::new(StoreConfig::from_env(env)?, entropy.clone()),
            queues: Queues::new(QueueConfig::from_env(env)?),
            planning: Planning::from_env(env)?,
            backlog: LaneBacklog::from_env(env)?,
            entropy,
        })
    }

    /// Plans `order`, or finds the job that answered it before.
    ///
    /// # Errors
    /// The order cannot be accepted; see [`Declined`].
    pub async fn prepare(&self, order: &Order, now: Timestamp) -> Result<Prepared, Declined> {
        let mut kind = order.kind.clone();
        self.fill_in(&order.project, &mut kind).await?;
        let material = self.gather(&order.project, &mut kind).await?;
        let plan = kind.plan(&material, &self.setting(&order.project, now))?;
        if order.may_be_cached
            && let Some(key) = &plan.cache_key
            && let Some(earlier) = self.made_before(&order.project, key, now).await?
            && !(earlier.job.value.report.is_none() && pays_for_better(&kind))
        {
            return Ok(Prepared::Cached(Box::new(earlier)));
        }
        // Before anything is written: a turn would be.
        self.room_for(&kind, order.workflow.is_some(), now).await?;
        self.job(order, kind, plan, now).await
    }

    /// Sees whether the lane of `kind` takes more. `begun`: it belongs to a workflow that was taken. Requests at the same
    /// moment may pass it together, so that a backlog exceeds the limit by what they bring.
    ///
    /// # Errors
    /// It does not ([`Declined::LaneFull`]), or the table was out of reach.
    pub async fn room_for(&self, kind: &Kind, begun: bool, now: Timestamp) -> Result<(), Declined> {
        let Some(lane) = kind.lane() else { return Ok(()) };
        let limit = u64::from(self.backlog.0);
        let (most, room) = (limit * ROOM_FOR_STEPS, if begun { limit * ROOM_FOR_STEPS } else { limit });
        let waiting = self.store.backlog(lane, most).await?;
        if waiting < room {
            return Ok(());
        }
        let gate = self.store.gate().await?;
        Err(Declined::LaneFull { lane, room_in: gate.time_for(waiting - room + 1, now) })
    }

    /// Tells whoever begins with a job that was accepted.
    pub async fn announce(&self, job: &Job, now: Timestamp) {
        match job.kind.lane() {
            Some(lane) => self.queues.hint_lane(lane, LaneHint::Job(job.id), SignedDuration::ZERO).await,
            None => self.queues.hint_ingest(IngestHint::Job(job.id)).await,
        }
        watch_deadline(&self.queues, job, now).await;
    }

    /// Takes the next `count` turns of a project among shots of `priority`; the first of them.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn first_turn(&self, project: &ProjectId, priority: u8, count: u16) -> Result<u64, StoreError> {
        match count {
            0 => Ok(0),
            count => {
                let served = self.store.gate().await?.served.turn(priority);
                self.store.take_turns(project, priority, count, served).await
            }
        }
    }

    pub(crate) fn setting<'a>(&'a self, project: &'a ProjectId, now: Timestamp) -> Setting<'a> {
        let Planning { wording, profile_batch, .. } = &self.planning;
        Setting { project, now, entropy: &self.entropy, wording, profile_batch: *profile_batch }
    }

    async fn job(&self, order: &Order, kind: Kind, plan: Plan, now: Timestamp) -> Result<Prepared, Declined> {
        let Plan { recipes, quote, ignored, filing, together, cache_key, new_subject } = plan;
        // A transaction holds a hundred items; no kind comes near.
        let count = u16::try_from(recipes.len()).unwrap_or(u16::MAX);
        let priority = kind.priority();
        let first_turn = self.first_turn(&order.project, priority, count).await?;
        let id = JobId::new(now, &self.entropy);
        // Without a lane nothing is generated.
        let numbered = kind.lane().into_iter().flat_map(|lane| (0..count).zip(&recipes).map(move |shot| (lane, shot)));
        let shots = numbered.map(|(lane, (ordinal, recipe))| {
            let rank = Rank { priority, turn: first_turn + u64::from(ordinal) };
            Shot { together, ..Shot::new(id.shot(ordinal), order.project.clone(), lane, rank, recipe.clone()) }
        });
        let shots = shots.collect();
        let deadline = order.cancel_after.map(|after| now + after);
        let job = Job {
            id,
            project: order.project.clone(),
            kind,
            created_by: order.created_by.clone(),
            created_at: now,
            shots: count,
            reserved: quote,
            ignored,
            filing,
            cache_key: cache_key.filter(|_| order.may_answer),
            workflow: order.workflow,
            metadata: order.metadata.clone(),
            judged: Vec::new(),
            needs_review: false,
            report: None,
            deadline,
            retried_at: None,
            state: Job::opened(now, deadline),
        };
        Ok(Prepared::New { job: Box::new(job), shots, subject: new_subject.map(Box::new) })
    }

    /// The finished job that answers a request with this key, if all its images are still there.
    pub(crate) async fn made_before(
        &self,
        project: &ProjectId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<JobView>, StoreError> {
        let Some(id) = self.store.cached(project, key, now).await? else { return Ok(None) };
        let Some(view) = self.store.job(id).await? else { return Ok(None) };
        let shots = view.plain_shots();
        let media: Vec<_> = shots.iter().flat_map(Shot::media).cloned().collect();
        let there = self.store.media_of(project, &media).await?.len() == media.len();
        Ok((there && view.job.value.status(&shots) == JobStatus::Completed).then_some(view))
    }

    /// What the project says where the request says nothing.
    async fn fill_in(&self, project: &ProjectId, kind: &mut Kind) -> Result<(), StoreError> {
        match kind {
            Kind::Profile(profile) if profile.reroll_budget.is_none() => {
                let project = self.store.project(project).await?;
                profile.reroll_budget = project.and_then(|project| project.reroll_budget);
            }
            Kind::Profile(_)
            | Kind::Master(_)
            | Kind::Composite(_)
            | Kind::Portrait(_)
            | Kind::Regeneration(_)
            | Kind::Verification(_) => {}
        }
        Ok(())
    }

    /// Looks up what `kind` names. A job that it names is replaced by its first image.
    async fn gather(&self, project: &ProjectId, kind: &mut Kind) -> Result<Material, Declined> {
        let mut material = Material::default();
        for (place, pointer) in kind.pointers_mut() {
            match self.find_image(project, &place, pointer).await? {
                None => {}
                Some(Found::There(media)) => show(&mut material, pointer, *media),
                Some(Found::Coming(_)) => return Err(not_ready(&place)),
            }
        }
        if let Kind::Verification(verification) = kind {
            self.find_collections(project, verification).await?;
        }
        self.find_subjects(project, kind, &mut material).await?;
        Ok(material)
    }

    /// Looks up the collections that are compared; one says whom the comparison is about.
    async fn find_collections(&self, project: &ProjectId, verification: &mut Verification) -> Result<(), Declined> {
        for (place, side) in [("/newImageId", &verification.examined), ("/referenceSetId", &verification.against)] {
            match side {
                Examined::Collection(id) => {
                    let found = self.store.collection(project, *id).await?;
                    let found = found.ok_or_else(|| Unfit::new(place, "is no collection of this project"))?;
                    verification.subject.get_or_insert(found.value.subject);
                }
                Examined::Image(_) | Examined::Upload(_) => {}
            }
        }
        Ok(())
    }

    /// Looks up whom the images in `material` show and whom `kind` is about.
    pub(crate) async fn find_subjects(
        &self,
        project: &ProjectId,
        kind: &Kind,
        material: &mut Material,
    ) -> Result<(), Declined> {
        let about = kind.subject().cloned();
        let shown = material.media.values().filter_map(|media| media.subject.clone());
        for subject in shown.chain(about).collect::<std::collections::HashSet<_>>() {
            if let Some(found) = self.store.subject(project, &subject).await? {
                material.subjects.insert(subject, found.value);
            }
        }
        if let Kind::Portrait(portrait) = kind {
            self.find_sitter(project, portrait, material).await?;
        }
        Ok(())
    }

    /// Looks up the image that `pointer` names; `None` for an address.
    pub(crate) async fn find_image(
        &self,
        project: &ProjectId,
        place: &str,
        pointer: &ImagePointer,
    ) -> Result<Option<Found>, Declined> {
        let unknown = || Unfit::new(place, "is no image of this project");
        match pointer {
            ImagePointer::Url(_) => Ok(None),
            // Whoever starts a step has put its results in place before.
            ImagePointer::Step { step, .. } => {
                Err(Unfit::new(place, format!("names the step {step} of no workflow")).into())
            }
            ImagePointer::Media(id) => {
                if let Some(media) = self.store.media(project, id).await? {
                    return Ok(Some(Found::There(Box::new(media))));
                }
                let view = self.job_of(project, id.shot().job).await?.ok_or_else(unknown)?;
                let shots = view.plain_shots();
                let shot = shots.iter().find(|shot| shot.id == id.shot() && !shot.is_settled()).ok_or_else(unknown)?;
                Ok(Some(Found::Coming(Box::new(expected::of_shot(&view.job.value, shot, id.clone())))))
            }
            ImagePointer::Job(id) => {
                let view = self.job_of(project, *id).await?;
                let view = view.ok_or_else(|| Unfit::new(place, "is no job of this project"))?;
                let shots = view.plain_shots();
                if view.job.value.ending().is_none() {
                    let first = shots.first().ok_or_else(|| not_ready(place))?;
                    return Ok(Some(Found::Coming(Box::new(expected::of_shot(
                        &view.job.value,
                        first,
                        first.id.media(0),
                    )))));
                }
                let first = shots.iter().flat_map(Shot::media).next();
                let first = first.ok_or_else(|| Unfit::new(place, "is a job that made no image"))?;
                let media = self.store.media(project, first).await?.ok_or_else(unknown)?;
                Ok(Some(Found::There(Box::new(media))))
            }
        }
    }

    async fn job_of(&self, project: &ProjectId, id: JobId) -> Result<Option<JobView>, StoreError> {
        Ok(self.store.job(id).await?.filter(|view| view.job.value.project == *project))
    }

    async fn find_sitter(
        &self,
        project: &ProjectId,
        portrait: &Portrait,
        material: &mut Material,
    ) -> Result<(), Declined> {
        let lora = match &portrait.of {
            Sitter::Lora(id) => Some(*id),
            Sitter::Person(person) => {
                let person = self.store.person(project, person).await?;
                let person = person.ok_or_else(|| Unfit::new("/personId", "is no person of this project"))?;
                person.value.latest_lora
            }
        };
        let Some(id) = lora else { return Ok(()) };
        let lora = self.store.lora(id).await?.map(|lora| lora.value).filter(|lora| lora.project == *project);
        let lora = lora.ok_or_else(|| Unfit::new("/loraId", "is no LoRA of this project"))?;
        material.person = self.store.person(project, &lora.person).await?.map(|person| person.value);
        material.lora = Some(lora);
        Ok(())
    }
}

/// Whether money is set aside for making again what does not match: what was never compared is no answer then.
fn pays_for_better(kind: &Kind) -> bool {
    match kind {
        Kind::Profile(profile) => profile.reroll_budget.is_some_and(|budget| budget > Usd::ZERO),
        Kind::Master(_) | Kind::Composite(_) | Kind::Portrait(_) | Kind::Regeneration(_) | Kind::Verification(_) => {
            false
        }
    }
}

/// Has `pointer` stand for `media` from here on.
pub(crate) fn show(material: &mut Material, pointer: &mut ImagePointer, media: Media) {
    *pointer = ImagePointer::Media(media.id.clone());
    material.media.insert(media.id.clone(), media);
}

fn not_ready(place: &str) -> Declined {
    let detail = "is still being made; wait for its job, or chain the two in a workflow".to_owned();
    Declined::NotReady { pointer: place.to_owned(), detail }
}
