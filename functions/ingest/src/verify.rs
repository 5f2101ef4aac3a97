//! Once the shots of a job are settled: are its images consistent? Those that are not are made again where that was
//! granted; how it ended up is kept as a report.
//!
//! Everything is read again from table and bucket, so that any invocation may repeat this at any time.
//!
//! One function for each sort of comparison, in one file, as they share how sides are read and what is kept.

mod content;
mod face;
mod look;
mod pair;
mod recent;
mod scene;
mod set;
mod sheet;

use std::time::Duration;

use jiff::Timestamp;
use likeness_core::{clients::bucket::BucketError, store::StoreError};
use likeness_domain::{
    collection::Collection,
    failure::{Failure, FailureCode},
    id::{CollectionId, MediaId},
    image_ref::ImageRef,
    job::{Comparison, Job},
    kind::{Verification, verification::Examined},
    report::{
        CheckType, PASS, Report, Verified,
        content::{self as written, Content},
    },
    shot::Shot,
    storage_plan::Slot,
};

use self::{
    content::Counted,
    look::{Looked, Side},
};
use crate::app::App;

pub(crate) use self::recent::RecentFigures;

/// What comes after comparing.
pub(crate) enum Next {
    /// These shots are made before the job ends.
    Again(Box<Job>, Vec<Shot>),
    End(Box<Compared>),
}

/// What comparing brought.
#[derive(Default)]
pub(crate) struct Compared {
    /// What the job goes by.
    pub(crate) verified: Verified,
    pub(crate) report: Option<Report>,
}

/// Why nothing was compared; it is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotVerified {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// It took too long: the function would have ended in the middle of it.
    #[error("comparing took too long")]
    TooLong(#[from] tokio::time::error::Elapsed),
}

/// How long it may take: the function has 120 seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// Compares what `job` made. All its `shots` are settled.
pub(crate) async fn verify(app: &App, job: &Job, shots: &[Shot], now: Timestamp) -> Result<Next, NotVerified> {
    if job.is_overdue() {
        tracing::error!(event = "not_verified", job.id = %job.id, "it was tried often enough: the job ends unjudged");
        return Ok(Next::End(Box::new(Compared { verified: job.never_compared(), report: None })));
    }
    tokio::time::timeout(PATIENCE, compared(app, job, shots, now)).await?
}

async fn compared(app: &App, job: &Job, shots: &[Shot], now: Timestamp) -> Result<Next, NotVerified> {
    let compared = match job.comparison(shots) {
        Comparison::Nothing => Compared::default(),
        Comparison::Views { master } => return of_views(app, job, master, shots, now).await,
        Comparison::View { collection, angle, image } => {
            of_view(app, job, collection, angle, image, now).await?.unwrap_or_default()
        }
        Comparison::Scenes { cast } => {
            let cast = scene::cast(app, job, &cast).await?;
            let reference = cast_ids(&job.storage_plan.slots);
            let (content, images, counted) = scene::of(app, job, cast, shots).await?;
            let asked = Asked { reference, images, check: CheckType::All, threshold: PASS };
            kept(app, job, asked, counted, Content::Scene(content), None, now).await?
        }
        Comparison::Sides(verification) => of_verification(app, job, verification, now).await?,
    };
    Ok(Next::End(Box::new(compared)))
}

/// The references of a scene, as its report names what it was compared with.
fn cast_ids(slots: &[Slot]) -> String {
    let ids: Vec<String> = slots.iter().filter_map(|slot| slot.reference.as_ref()).map(ToString::to_string).collect();
    ids.join(",")
}

fn first_image(shot: &Shot) -> Option<&MediaId> {
    shot.media().first()
}

async fn of_views(
    app: &App,
    job: &Job,
    master: &ImageRef,
    shots: &[Shot],
    now: Timestamp,
) -> Result<Next, NotVerified> {
    let looked = look::pointed_at(app, &job.project, master).await?;
    let newest = job.kind.newest(shots);
    let set = set::Set::of(app, job, looked, &newest).await?;
    let judged = set.judged();
    if let Some((extended, more)) = job.rerolled(shots, &judged, now) {
        return Ok(Next::Again(Box::new(extended), more));
    }
    let all = job.judged_with(&judged);
    let chosen = job.kind.chosen(shots, &all);
    let set = if chosen == newest { set } else { set::Set::of(app, job, set.into_master(), &chosen).await? };
    let attempts = written::attempts(&chosen, shots, &all);
    let counted = set.counted(CheckType::All, PASS);
    let (content, sheet) = set.told(attempts).await;
    let content = Content::Set(Box::new(content));
    let images = chosen.iter().filter_map(|shot| first_image(shot)).cloned().collect();
    let asked = Asked { reference: master.to_string(), images, check: CheckType::All, threshold: PASS };
    let mut compared = kept(app, job, asked, counted, content, sheet, now).await?;
    compared.verified.judged = judged;
    Ok(Next::End(Box::new(compared)))
}

/// A view that was made anew, in place of the one that its collection has.
async fn of_view(
    app: &App,
    job: &Job,
    collection: CollectionId,
    angle: u16,
    image: &MediaId,
    now: Timestamp,
) -> Result<Option<Compared>, NotVerified> {
    let Some(collection) = app.store.collection(&job.project, collection).await? else { return Ok(None) };
    let looked = look::image(app, &job.project, image).await?;
    let asked = Asked {
        reference: collection.value.id.to_string(),
        images: vec![image.clone()],
        check: CheckType::All,
        threshold: PASS,
    };
    in_collection(app, job, &collection.value, looked.seen_from(Some(angle)), asked, now).await.map(Some)
}

/// What was asked for in a comparison.
struct Asked {
    reference: String,
    images: Vec<MediaId>,
    check: CheckType,
    threshold: f64,
}

async fn of_verification(
    app: &App,
    job: &Job,
    verification: &Verification,
    now: Timestamp,
) -> Result<Compared, NotVerified> {
    let asked = |images| Asked {
        reference: verification.against.to_string(),
        images,
        check: verification.check,
        threshold: verification.threshold,
    };
    let examined = side(app, job, &verification.examined).await?;
    let against = side(app, job, &verification.against).await?;
    let (Some(examined), Some(against)) = (examined, against) else { return Ok(gone()) };
    match (examined, against) {
        (Side::Views(collection), against) => {
            let master = match against {
                Side::Picture(master) => *master,
                Side::Views(other) => look::master_of(app, &other).await?,
            };
            let set = set::Set::of_collection(app, job, master, &collection).await?;
            let images = collection.views.iter().map(|view| view.media.clone()).collect();
            let counted = set.counted(verification.check, verification.threshold);
            let (content, sheet) = set.told(Vec::new()).await;
            let content = Content::Set(Box::new(content));
            kept(app, job, asked(images), counted, content, sheet, now).await
        }
        (Side::Picture(examined), Side::Views(collection)) => {
            let images = examined.id.clone().into_iter().collect();
            in_collection(app, job, &collection, *examined, asked(images), now).await
        }
        (Side::Picture(examined), Side::Picture(against)) => {
            let images = examined.id.clone().into_iter().collect();
            if let Some((content, counted)) = scene::with_one(app, &against, &examined, verification).await? {
                return kept(app, job, asked(images), counted, Content::Scene(content), None, now).await;
            }
            let pair = pair::Pair::of(*against, *examined, None).await.with_face(app).await;
            let counted = pair.counted(verification.check, verification.threshold);
            let (content, sheet) = pair.told().await;
            kept(app, job, asked(images), counted, Content::Pair(Box::new(content)), sheet, now).await
        }
    }
}

/// A picture against the views of a subject: in its own place where that is known, else against the view that it is
/// most like.
async fn in_collection(
    app: &App,
    job: &Job,
    collection: &Collection,
    examined: Looked,
    asked: Asked,
    now: Timestamp,
) -> Result<Compared, NotVerified> {
    let master = look::master_of(app, collection).await?;
    let pair = match examined.angle {
        Some(angle) => set::view_in(app, job, master, collection, angle, examined).await?,
        None => pair::most_like(app, job, master, collection, examined).await?,
    };
    let pair = pair.with_face(app).await;
    let counted = pair.counted(asked.check, asked.threshold);
    let (content, sheet) = pair.told().await;
    kept(app, job, asked, counted, Content::Pair(Box::new(content)), sheet, now).await
}

/// One side of a comparison; `None` where it is gone.
async fn side(app: &App, job: &Job, examined: &Examined) -> Result<Option<Side>, NotVerified> {
    let picture = |looked: Looked| Some(Side::Picture(Box::new(looked)));
    Ok(match examined {
        Examined::Image(ImageRef::Media(id)) => {
            let there = app.store.media(&job.project, id).await?;
            match there {
                Some(media) => picture(look::media(app, &media).await?),
                None => None,
            }
        }
        // The job that was named had an image when this was accepted, and its id is in place.
        Examined::Image(ImageRef::Job(_) | ImageRef::Url(_) | ImageRef::Step { .. }) => None,
        Examined::Upload(upload) => picture(look::object(app, &upload.key(&job.project)).await?),
        Examined::Collection(id) => {
            let collection = app.store.collection(&job.project, *id).await?;
            collection.map(|collection| Side::Views(Box::new(collection.value)))
        }
    })
}

fn gone() -> Compared {
    let detail = "what was to be compared is no longer there";
    let failure = Some(Failure::new(FailureCode::ImageUnreachable, detail));
    Compared { verified: Verified { failure, ..Verified::default() }, report: None }
}

/// Pixel work away from the one thread that everything else of this function runs on; `None` where it panicked, which
/// it would do every time.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

/// Stores the drawn report, and makes the record that is written with the job's end.
async fn kept(
    app: &App,
    job: &Job,
    asked: Asked,
    counted: Counted,
    content: Content,
    sheet: Option<String>,
    now: Timestamp,
) -> Result<Compared, NotVerified> {
    let id = job.id.report();
    let sheet = match sheet {
        Some(drawn) => Some(sheet::store(app, &job.project, id, drawn).await?),
        None => None,
    };
    let report = Report {
        id,
        project: job.project.clone(),
        subject: job.storage_plan.subject.clone(),
        job: job.id,
        created_at: now,
        reference: asked.reference,
        images: asked.images,
        check: asked.check,
        threshold: asked.threshold,
        overall: counted.overall,
        passed: counted.passed,
        not_judged: match counted.passed {
            None => Some(content.not_judged_reason().unwrap_or_else(|| "nothing could be compared".to_owned())),
            Some(_) => None,
        },
        content,
        sheet,
    };
    let doubtful = match counted.passed {
        Some(passed) => !passed,
        None => job.needs_verdict(),
    };
    let verified = Verified { doubtful, report: Some(id), ..Verified::default() };
    Ok(Compared { verified, report: Some(report) })
}
