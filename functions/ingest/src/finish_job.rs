//! The end of a job: once its last shot is settled, its cost is too. What comes of it (the collection of a profile, the
//! answer to the same request, the report) is written in the same transaction; the workflow that it is a step of goes
//! on after it.

use jiff::Timestamp;
use likeness_core::{
    steps::run_workflow::run_workflow,
    store::{Cached, Finish, Saved, StoreError, Versioned},
};
use likeness_domain::{
    collection::Collection,
    id::JobId,
    job::{CacheLifetime, CollectionChange, Job, NotFinished},
    money::Usd,
    shot::Shot,
};

use crate::{
    app::App,
    verify::{Compared, Next, NotVerified, verify},
};

/// Ends `job` if all its shots are settled and nothing else is tried. `read`: it was just read, before any of its shots
/// is read here; where it has changed since, it is read again.
pub(crate) async fn finish_job(app: &App, job: JobId, mut read: Option<Versioned<Job>>) -> Result<(), NotVerified> {
    // What was found out before another write of the job won.
    let mut known: Option<(usize, Option<Timestamp>, Compared)> = None;
    let mut tries = app.store.tries(job);
    loop {
        let read = match read.take() {
            Some(read) => read,
            None => match app.store.job_alone(job).await? {
                Some(read) => read,
                None => return Ok(()),
            },
        };
        let (before, now) = (&read.value, app.clock.now());
        if before.ending().is_some() {
            return Ok(go_on(app, before, now).await?);
        }
        let Some(shots) = app.store.settled_shots(job).await? else { return Ok(()) };
        let shots: Vec<Shot> = shots.into_iter().map(|shot| shot.value).collect();
        match before.is_due(&shots) {
            Ok(()) => {}
            Err(NotFinished::Running) => return Ok(()),
            // The message came again: perhaps its first delivery ended here.
            Err(NotFinished::AlreadyDone) => return Ok(go_on(app, before, now).await?),
        }
        let next = match before.tried_otherwise(&shots, now) {
            Some((extended, more)) => Next::Again(Box::new(extended), more),
            None => match known.take() {
                // Opened again it has other images.
                Some((count, retried_at, compared)) if (count, retried_at) == (shots.len(), before.retried_at) => {
                    Next::End(Box::new(compared))
                }
                Some(_) | None => verify(app, before, &shots, now).await?,
            },
        };
        let compared = match next {
            Next::Again(extended, more) => {
                if app.store.extend_job(&extended, read.revision, &more).await? == Saved::Conflict {
                    tries.again().await?;
                    continue;
                }
                tracing::warn!(event = "tried_again", job.id = %job, shots = more.len(), "more is generated before the end");
                app.acceptor.announce(&extended, now).await;
                return Ok(());
            }
            Next::End(compared) => *compared,
        };
        let Ok(ended) = before.clone().finish(&shots, &compared.verified, now) else { continue };
        let finish = Finish {
            job: &ended,
            seen: read.revision,
            collection: collection(app, &ended, &shots, now).await?,
            report: compared.report.as_ref(),
            cached: if before.is_cancel_requested() { Cached::No } else { cached(app, &ended, &shots, now) },
        };
        if app.store.finish_job(&finish).await? == Saved::Yes {
            log(&ended, &shots);
            return Ok(go_on(app, &ended, now).await?);
        }
        known = Some((shots.len(), before.retried_at, compared));
        tries.again().await?;
    }
}

/// The workflow can begin what waited for this job.
async fn go_on(app: &App, job: &Job, now: Timestamp) -> Result<(), StoreError> {
    match job.workflow {
        Some(workflow) => run_workflow(&app.acceptor, workflow, now).await,
        None => Ok(()),
    }
}

/// The collection that the job makes, or changes by one view.
async fn collection(
    app: &App,
    job: &Job,
    shots: &[Shot],
    now: Timestamp,
) -> Result<Option<Versioned<Collection>>, StoreError> {
    match job.collection_change(shots, now) {
        CollectionChange::None => Ok(None),
        CollectionChange::Made(made) => {
            // Before it was opened again it may have made one.
            let before = match job.retried_at {
                Some(_) => app.store.collection(&job.project, made.id).await?,
                None => None,
            };
            Ok(Some(match before {
                Some(Versioned { value, revision }) => Versioned { value: value.completed(made), revision },
                None => Versioned { value: made, revision: 0 },
            }))
        }
        CollectionChange::Replaced { collection, angle, media, version } => {
            let before = app.store.collection(&job.project, collection).await?;
            Ok(before.map(|Versioned { value, revision }| Versioned {
                value: value.with_view(angle, media, version, now),
                revision,
            }))
        }
    }
}

fn cached(app: &App, job: &Job, shots: &[Shot], now: Timestamp) -> Cached {
    match job.cache_lifetime(shots) {
        CacheLifetime::Never => Cached::No,
        CacheLifetime::Forever => Cached::Forever,
        CacheLifetime::Profile => Cached::Until(now + app.cache.profile),
        CacheLifetime::Image => Cached::Until(now + app.cache.image),
    }
}

fn log(job: &Job, shots: &[Shot]) {
    let Some(ending) = job.ending() else { return };
    tracing::info!(
        event = "generation_complete",
        job.id = %job.id,
        job.kind = job.kind.name(),
        job.status = ?job.status(shots),
        job.duration_ms = ending.at.duration_since(job.created_at).as_millis() as i64,
        job.cost_usd = ending.cost.map(Usd::dollars),
        "job ended"
    );
}
