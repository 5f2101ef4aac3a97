//! One delivered shot: download, limits, decode, WebP and thumbnail, bucket, then records, tallies and the shot's own
//! state in one transaction. Keys are derived from shot, attempt and content, so repeating it writes the same objects.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use futures_util::future::join_all;
use likeness_core::{
    clients::bucket::BucketError,
    store::{Changed, NewMedia, StoreError, Versioned},
    telemetry::causes,
};
use likeness_domain::{
    failure::{Failure, FailureCode},
    job::Job,
    media::{Media, StoredFile},
    recipe::Source,
    shot::{Delivery, Shot, ShotState},
    storage_plan::Relation,
    subject::SubjectType,
};
use likeness_vision::{Rejected, consistency::Nature};

use crate::{
    app::App,
    download::DownloadError,
    picture::{Encoded, Prepared, Wanted, failure, prepare},
};

/// After as many reminders of the reconciler, two minutes apart, what the file host says to be gone, or serves in the
/// place of an image, is believed: ten minutes for a picture that is paid for. While the host is away it is waited for
/// as long as for our own bucket: `MAX_REMINDERS` of the reconciler.
const LAST_REMINDER: u32 = 5;
/// After which an image that did not come is asked for once more at once: its message comes again after minutes only.
const HICCUP: Duration = Duration::from_millis(400);

/// Why a shot's images are not stored yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotStored {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// fal's file host.
    #[error(transparent)]
    Download(DownloadError),
    /// What came is no image, or not a whole one, and may be the host's fault.
    #[error("{0}")]
    Doubtful(String),
    /// The pixel work ended in a panic.
    #[error("the image could not be worked on")]
    Panicked(#[from] tokio::task::JoinError),
}

/// Stores what the shot, read as `before`, was delivered. `last_try`: an image that still cannot be had is given up.
pub(crate) async fn store_image(
    app: &App,
    job: &Job,
    before: &Versioned<Shot>,
    last_try: bool,
) -> Result<(), NotStored> {
    let shot = before.value.id;
    let ShotState::Delivered { delivery, reminders, .. } = &before.value.state else { return Ok(()) };
    let believed = *reminders >= LAST_REMINDER;
    let (mut images, mut failures, mut later) = (Vec::new(), Vec::new(), None);
    for brought in bring_in(app, job, &before.value, delivery).await {
        match brought {
            Ok(image) => images.push(image),
            Err(Unusable::Image(failure)) => failures.push(failure),
            Err(Unusable::Doubtful(failure)) if believed => {
                tracing::warn!(shot.id = %shot, code = failure.code.as_str(), "image given up");
                failures.push(failure);
            }
            Err(Unusable::Doubtful(failure)) => later = Some(NotStored::Doubtful(failure.detail)),
            Err(Unusable::Not(error @ NotStored::Download(_))) => later = Some(error),
            Err(Unusable::Not(NotStored::Panicked(error))) if last_try => {
                tracing::error!(shot.id = %shot, error = causes(&error), "image given up");
                failures.push(Failure::new(FailureCode::CorruptImage, "the image cannot be worked on"));
            }
            // The others are stored again, to the same keys.
            Err(Unusable::Not(error)) => return Err(error),
        }
    }
    if let Some(error) = later {
        // The message has had its tries; from here on the reconciler reminds of it.
        if last_try {
            tracing::warn!(shot.id = %shot, error = causes(&error), "left to the reconciler");
            return Ok(());
        }
        return Err(error);
    }
    // What was flagged has the least to say: the same request would be refused again.
    let failure = failures.into_iter().next().or_else(|| refusal(delivery));
    match failure {
        Some(failure) if images.is_empty() => give_up(app, before, failure).await,
        left_out => record(app, before, &images, left_out).await,
    }
}

/// Why a flagged image is not kept: it is a black frame.
fn refusal(delivery: &Delivery) -> Option<Failure> {
    let detail = match (delivery.flagged(), delivery.images.len()) {
        (0, _) => return None,
        (_, 1) => "fal's safety checker flagged the image".to_owned(),
        (flagged, all) => format!("fal's safety checker flagged {flagged} of {all} images"),
    };
    Some(Failure::new(FailureCode::ContentRefused, detail))
}

enum Unusable {
    Image(Failure),
    /// The same, if the file host goes on serving it.
    Doubtful(Failure),
    Not(NotStored),
}

impl<E: Into<NotStored>> From<E> for Unusable {
    fn from(error: E) -> Self {
        Self::Not(error.into())
    }
}

/// Brings every image of the delivery into the bucket, but for the flagged ones.
async fn bring_in(app: &App, job: &Job, shot: &Shot, delivery: &Delivery) -> Vec<Result<NewMedia, Unusable>> {
    let wanted = delivery.images.iter().enumerate().filter(|(_, image)| !image.flagged);
    join_all(wanted.map(|(index, image)| one(app, job, shot, delivery, index, &image.url))).await
}

async fn one(
    app: &App,
    job: &Job,
    shot: &Shot,
    delivery: &Delivery,
    index: usize,
    url: &str,
) -> Result<NewMedia, Unusable> {
    let wanted = Wanted { slots: job.storage_plan.slots.clone(), figure: measured_as(job) };
    let prepared = match worked_on(app, url, wanted.clone()).await {
        // A hiccup of the file host, more often than not.
        Err(Unusable::Doubtful(_) | Unusable::Not(NotStored::Download(_))) => {
            tokio::time::sleep(HICCUP).await;
            worked_on(app, url, wanted).await?
        }
        done => done?,
    };
    let media = upload(app, job, shot, delivery, index, prepared).await?;
    let relations = relations(job, &media);
    Ok(NewMedia { media, relations })
}

/// As what an image is measured, where it is.
fn measured_as(job: &Job) -> Option<Nature> {
    let subject = job.storage_plan.subject_type.filter(|_| job.storage_plan.is_measured())?;
    Some(match subject {
        SubjectType::Character => Nature::Person,
        SubjectType::Location | SubjectType::Prop => Nature::Thing,
    })
}

/// Downloads an image and does the pixel work, a few images at a time whatever asks for them: decoded they are large.
async fn worked_on(app: &App, url: &str, wanted: Wanted) -> Result<Prepared, Unusable> {
    // The semaphore is never closed.
    let _permit = app.decode_permits.acquire().await;
    let bytes = app.downloader.fetch(url).await.map_err(|error| match error {
        DownloadError::Later(_) => Unusable::Not(NotStored::Download(error)),
        DownloadError::Doubt(_) => Unusable::Doubtful(Failure::new(FailureCode::ImageUnreachable, error.to_string())),
        DownloadError::TooLarge { .. } => Unusable::Image(Failure::new(FailureCode::ImageTooLarge, error.to_string())),
        DownloadError::Never(_) => Unusable::Image(Failure::new(FailureCode::ImageUnreachable, error.to_string())),
    })?;
    let limits = app.limits.clone();
    let prepared = tokio::task::spawn_blocking(move || prepare(bytes, &limits, &wanted)).await?;
    prepared.map_err(|rejected| match &rejected {
        // A page of a proxy, or half a file, under an image's address.
        Rejected::NotAnImage { .. } | Rejected::Corrupt { .. } => Unusable::Doubtful(failure(&rejected)),
        Rejected::AppleVariant
        | Rejected::TooLarge { .. }
        | Rejected::TooManyPixels { .. }
        | Rejected::Animated { .. } => Unusable::Image(failure(&rejected)),
    })
}

async fn upload(
    app: &App,
    job: &Job,
    shot: &Shot,
    delivery: &Delivery,
    index: usize,
    prepared: Prepared,
) -> Result<Media, BucketError> {
    let storage_plan = &job.storage_plan;
    let content: String = prepared.original.sha256.chars().take(16).collect();
    let stem = format!("{}/{}-a{}-{index}-{content}", storage_plan.folder, shot.id, shot.delivered_attempt());
    let metadata = HashMap::from([
        ("job".to_owned(), job.id.to_string()),
        ("image-type".to_owned(), storage_plan.image_type.as_str().to_owned()),
    ]);
    let put = async |file: Encoded| {
        let key = format!("{stem}.{}", file.extension);
        let bytes = file.bytes.len() as u64;
        app.bucket.put(&key, file.content_type, metadata.clone(), file.bytes).await?;
        Ok(StoredFile { key, content_type: file.content_type.to_owned(), bytes, sha256: file.sha256 })
    };
    let (original, webp, thumbnail) =
        tokio::try_join!(put(prepared.original), put(prepared.webp), put(prepared.thumbnail))?;
    let mut specifications = storage_plan.specifications.clone();
    if let Some(measured) = &prepared.measured {
        specifications = specifications.or(measured.in_words());
    }
    if specifications.color_palette.is_empty() {
        specifications.color_palette = prepared.palette;
    }
    let version = job.kind.version();
    let mut recipe = shot.recipe.clone();
    recipe.seed = delivery.seed.unwrap_or(recipe.seed);
    Ok(Media {
        id: shot.id.media(index),
        project: job.project.clone(),
        subject: storage_plan.subject.clone(),
        subject_type: storage_plan.subject_type,
        person: storage_plan.person.clone(),
        image_type: storage_plan.image_type,
        job: job.id,
        shot: shot.id,
        created_at: app.clock.now(),
        width: prepared.width,
        height: prepared.height,
        original,
        webp,
        thumbnail,
        quality_score: prepared.quality_score,
        quality: prepared.quality,
        specifications,
        recipe,
        request_id: delivery.request_id.clone(),
        version: version.number,
        parent: version.parent.cloned(),
        reference_scores: prepared.reference_scores,
        measured: prepared.measured,
        provider_retried: delivery.provider_retried,
    })
}

/// What has the image, what it was made from, and of what it is a new version.
fn relations(job: &Job, media: &Media) -> Vec<(String, Relation, String)> {
    let id = media.id.to_string();
    let owner = job.storage_plan.owner.iter().map(|(owner, relation)| (owner.clone(), *relation, id.clone()));
    let sources = media.recipe.references.iter().chain(media.recipe.controls.iter().map(|control| &control.image));
    let used = sources.filter_map(Source::media).collect::<BTreeSet<_>>();
    let used = used.into_iter().map(|source| (id.clone(), Relation::UsesReference, source.to_string()));
    let parent = media.parent.iter().map(|parent| (parent.to_string(), Relation::HasVersion, id.clone()));
    owner.chain(used).chain(parent).collect()
}

async fn record(
    app: &App,
    before: &Versioned<Shot>,
    images: &[NewMedia],
    left_out: Option<Failure>,
) -> Result<(), NotStored> {
    let media: Vec<_> = images.iter().map(|image| image.media.id.clone()).collect();
    let stored = |shot: Shot| shot.stored(media.clone(), left_out.clone());
    match app.store.store_media(before.clone(), images, stored).await? {
        Changed::Done(after) => {
            let (job, shot) = (after.value.id.job, after.value.id);
            tracing::info!(event = "image_stored", shot.id = %shot, images = images.len(), "stored");
            if let Some(code) = left_out.as_ref().map(|failure| failure.code.as_str()) {
                tracing::warn!(event = "generation_error", job.id = %job, shot.id = %shot, code, "some images unusable");
            }
        }
        // Another delivery of the same message wrote the same.
        Changed::Unchanged(_) | Changed::Gone => {}
    }
    Ok(())
}

async fn give_up(app: &App, before: &Versioned<Shot>, failure: Failure) -> Result<(), NotStored> {
    let code = failure.code.as_str();
    match app.store.change_shot_from(before.clone(), |shot| shot.unusable(failure.clone())).await? {
        Changed::Done(after) => {
            let (job, shot) = (after.value.id.job, after.value.id);
            tracing::warn!(event = "generation_error", job.id = %job, shot.id = %shot, code, "image unusable");
        }
        Changed::Unchanged(_) | Changed::Gone => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use likeness_core::config::Env;
    use likeness_domain::{clock::Clock, rng::Rng};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::timeout,
    };

    use super::*;

    fn app(files: &str) -> App {
        let queues = ["MASTER", "PROFILE", "COMPOSITE", "PORTRAIT", "INGEST"].map(|lane| format!("{lane}_QUEUE_URL"));
        let names = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "TABLE_NAME", "R2_BUCKET_NAME"];
        let names = names.into_iter().chain(["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"]).map(str::to_owned);
        let env = names.chain(queues).map(|name| (name, "x".to_owned()));
        let addresses = [("R2_ENDPOINT", "http://127.0.0.1:1"), ("FAL_IMAGE_HOSTS", files)];
        let env: Env = env.chain(addresses.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
        App::start(&env, Clock::system(), Rng::seeded(1)).unwrap()
    }

    async fn answer(mut connection: TcpStream) {
        assert!(connection.read(&mut [0; 4096]).await.unwrap() > 0);
        let page = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\n<htm";
        connection.write_all(page.as_bytes()).await.unwrap();
    }

    #[tokio::test]
    async fn no_more_images_are_in_work_than_there_is_memory_for() {
        let host = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", host.local_addr().unwrap());
        let app = app(&origin);
        // Answers only when every request that comes without it has come.
        let serve = async {
            let mut together = Vec::new();
            while together.iter().sum::<usize>() < 6 {
                let mut waiting = vec![host.accept().await.unwrap().0];
                while let Ok(next) = timeout(Duration::from_millis(200), host.accept()).await {
                    waiting.push(next.unwrap().0);
                }
                together.push(waiting.len());
                join_all(waiting.into_iter().map(answer)).await;
            }
            together
        };
        let url = format!("{origin}/a.png");
        let work = join_all((0..6).map(|_| worked_on(&app, &url, Wanted::default())));
        let (together, worked_on) = tokio::join!(serve, work);
        assert_eq!(together, [2, 2, 2]);
        for image in worked_on {
            let Err(Unusable::Doubtful(failure)) = image else { panic!("it is no image") };
            assert_eq!(failure.code, FailureCode::NotAnImage);
        }
    }
}
