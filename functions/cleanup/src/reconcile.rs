//! One run of the reconciler. Everything unsettled carries the time by which news of it was due; what is past that time
//! is looked at here, in whatever state it is.

use std::{convert::Infallible, time::Duration};

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use likeness_core::{
    clients::queue::{IngestWakeUp, LaneWakeUp, QueueError},
    steps::cancel::{cancel_shots, cancel_unwanted, request_cancel},
    steps::cancel_at_provider::cancel_at_provider,
    steps::poll_provider::{Polled, poll_left_over, poll_provider},
    steps::record_result::Recorded,
    store::{Changed, Overdue, StoreError, Versioned},
    telemetry::causes,
};
use likeness_domain::{
    admission::Held,
    failure::{Failure, FailureCode},
    id::{JobId, ShotId, WorkflowId},
    job::{CanceledBy, Job, NotFinished},
    lane::Lane,
    shot::{Arrival, Shot, ShotState},
};
use serde::Serialize;

use crate::app::App;

/// Most that one run looks at; the rest is still due at the next.
const AT_ONCE: u16 = 200;
/// How many of them at the same time: they wait for fal, and need nothing else.
const TOGETHER: usize = 32;
/// How long a run of the reconciler attends to what is overdue. What it has not come to stays the longest overdue, and
/// is first next time.
const BUDGET: Duration = Duration::from_secs(20);
/// How long fal gets for each question. One that hangs is asked again at the next run of the reconciler, and holds up
/// no other.
pub(crate) const QUESTION_TIME_OUT: Duration = Duration::from_secs(4);

/// After as many reminders, two minutes apart, an image that ingest cannot store is given up: half a day, in which a
/// bucket that was down is up again.
const MAX_REMINDERS: u32 = 360;

/// What a run of the reconciler did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Shots and jobs that were overdue.
    pub overdue: u32,
    /// Shots of which fal was asked and told the outcome.
    pub recovered: u32,
    /// Attempts that were given up because fal never answered the submit.
    pub given_up: u32,
    /// Messages that were sent again.
    pub reminded: u32,
    /// What could not be attended to and is tried at the next run of the reconciler.
    pub errors: u32,
    /// What the time was too short for; it is first at the next run of the reconciler.
    pub not_reached: u32,
}

enum Attended {
    NotReached,
    Recovered,
    GivenUp,
    Reminded,
    Nothing,
}

/// Why something overdue was not attended to.
#[derive(Debug, thiserror::Error)]
enum NotAttended {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Attends to what is overdue, and wakes admission if shots wait while there is room.
///
/// # Errors
/// The table was out of reach or refused before anything was attended to.
pub async fn reconcile(app: &App) -> Result<Report, StoreError> {
    let now = app.clock.now();
    // What is overdue is attended to without the admission state too.
    let admission_state = app.recorder.store.admission_state().await;
    let room = admission_state
        .as_ref()
        .is_ok_and(|admission_state| admission_state.in_flight(now) < usize::from(app.limits.slots));
    let left: Vec<Held> = admission_state
        .as_ref()
        .map(|admission_state| admission_state.left(now).cloned().collect())
        .unwrap_or_default();
    // First, as a slow fal may use up all the time that there is.
    let woken = match admission_state {
        Ok(_) if room => wake_admission(app).await,
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    };
    let overdue = app.recorder.store.overdue(now, AT_ONCE).await?;
    let mut report = Report { overdue: u32::try_from(overdue.len()).unwrap_or(u32::MAX), ..Report::default() };
    let until = tokio::time::Instant::now() + BUDGET;
    let left = stream::iter(left).map(|held| Item::Left(Box::new(held)));
    let items = left.chain(stream::iter(overdue).map(Item::Overdue));
    let attended = items.map(async |item| {
        if tokio::time::Instant::now() >= until {
            return Ok(Attended::NotReached);
        }
        attend(app, item, room, now).await
    });
    let mut attended = std::pin::pin!(attended.buffer_unordered(TOGETHER));
    while let Some(outcome) = attended.next().await {
        match outcome {
            Ok(Attended::NotReached) => report.not_reached += 1,
            Ok(Attended::Recovered) => report.recovered += 1,
            Ok(Attended::GivenUp) => report.given_up += 1,
            Ok(Attended::Reminded) => report.reminded += 1,
            Ok(Attended::Nothing) => {}
            Err(error) => {
                tracing::error!(error = causes(&error), "left to the next run of the reconciler");
                report.errors += 1;
            }
        }
    }
    if let Err(error) = woken {
        tracing::error!(error = causes(&error), "admission not woken");
        report.errors += 1;
    }
    if report != Report::default() {
        tracing::info!(event = "reconciled", report = ?report, "reconciler done");
    }
    Ok(report)
}

/// Something to be looked at.
enum Item {
    Overdue(Overdue),
    /// A slot whose attempt was given up, and may still run.
    Left(Box<Held>),
}

/// `room`: there are slots for the shots that wait.
async fn attend(app: &App, item: Item, room: bool, now: Timestamp) -> Result<Attended, NotAttended> {
    match item {
        Item::Overdue(Overdue::Job(job)) => attend_to_job(app, job, room, now).await,
        Item::Overdue(Overdue::Workflow(workflow)) => attend_to_workflow(app, workflow, now).await,
        Item::Overdue(Overdue::Shot(shot)) => attend_to_shot(app, shot, now).await,
        Item::Left(held) => {
            let Some(request) = &held.left else { return Ok(Attended::Nothing) };
            match poll_left_over(&app.recorder, &app.fal, &held, request, now).await? {
                Polled::Recorded(_) => Ok(Attended::Recovered),
                Polled::Waiting | Polled::NotThere => Ok(Attended::Nothing),
            }
        }
    }
}

async fn attend_to_shot(app: &App, id: ShotId, now: Timestamp) -> Result<Attended, NotAttended> {
    let Some(before) = app.recorder.store.shot(id).await? else { return Ok(Attended::Nothing) };
    let shot = &before.value;
    match &shot.state {
        ShotState::Waiting { not_before: Some(end) } if *end <= now => {
            if cancel_unwanted(&app.recorder.store, &app.recorder.queues, id.job, now).await? {
                return Ok(Attended::Reminded);
            }
            let lane = shot.lane;
            let attended = change(app, before, |shot| shot.ready(now).ok()).await?;
            app.recorder.queues.wake_lane(lane, LaneWakeUp::Job(id.job), SignedDuration::ZERO).await;
            Ok(attended)
        }
        ShotState::Submitting(in_flight) if in_flight.lease_until <= now => {
            let attempt = shot.attempt();
            match app.recorder.record(id, attempt, Arrival::Silence, now).await? {
                Recorded::AfterArrival(_) => {
                    tracing::warn!(event = "submit_lost", shot.id = %id, shot.attempt = attempt, "fal never answered");
                    Ok(Attended::GivenUp)
                }
                Recorded::Known | Recorded::Late | Recorded::Unknown => Ok(Attended::Nothing),
            }
        }
        ShotState::Submitted { check_at, .. } if *check_at <= now => {
            // fal was not told yet, or did not take it.
            cancel_at_provider(&app.recorder, &app.fal, before.clone(), now).await?;
            match poll_provider(&app.recorder, &app.fal, id, now).await? {
                Polled::Recorded(Recorded::AfterArrival(_)) => Ok(Attended::Recovered),
                Polled::Recorded(_) | Polled::Waiting | Polled::NotThere => Ok(Attended::Nothing),
            }
        }
        ShotState::Delivered { check_at, reminders, .. } if *check_at <= now && *reminders >= MAX_REMINDERS => {
            let failure = Failure::new(FailureCode::ImageUnreachable, "the image could not be stored, many times");
            let attended = change(app, before, |shot| shot.unusable(failure.clone()).ok()).await?;
            app.recorder.queues.try_wake_ingest(IngestWakeUp::Shot(id)).await?;
            Ok(attended)
        }
        ShotState::Delivered { check_at, .. } if *check_at <= now => {
            app.recorder.queues.try_wake_ingest(IngestWakeUp::Shot(id)).await?;
            let seen = shot.clone();
            // Only as it was read: two runs of the reconciler at once are one reminder.
            change(app, before, |shot| if shot == seen { shot.reminded(now).ok() } else { None }).await
        }
        ShotState::Waiting { .. }
        | ShotState::Submitting(_)
        | ShotState::Submitted { .. }
        | ShotState::Delivered { .. }
        | ShotState::Stored { .. }
        | ShotState::Failed(_)
        | ShotState::Canceled => {
            // Looked at too early: again when it is due.
            change(app, before, |shot| shot.looked_at_when_due().filter(|_| shot.look_at.is_some_and(|at| at <= now)))
                .await?;
            Ok(Attended::Nothing)
        }
    }
}

/// Changes a shot to what `next` makes of it, if anything.
async fn change(
    app: &App,
    read: Versioned<Shot>,
    next: impl Fn(Shot) -> Option<Shot>,
) -> Result<Attended, NotAttended> {
    match app.recorder.store.change_shot_from(read, |shot| next(shot).ok_or(())).await? {
        Changed::Done(_) => Ok(Attended::Reminded),
        Changed::Unchanged(()) | Changed::Gone => Ok(Attended::Nothing),
    }
}

/// A job that is open for long: if all its shots are settled, its end was missed.
async fn attend_to_job(app: &App, id: JobId, room: bool, now: Timestamp) -> Result<Attended, NotAttended> {
    let Some(view) = app.recorder.store.job(id).await? else { return Ok(Attended::Nothing) };
    let shots = view.plain_shots();
    let seen = view.job;
    let job = &seen;
    if job.value.is_out_of_time(now) {
        request_cancel(&app.recorder.store, &app.recorder.queues, id, CanceledBy::Deadline, now).await?;
        return Ok(Attended::Reminded);
    }
    // Its cancel was stopped in the middle.
    if job.value.is_cancel_requested() && shots.iter().any(|shot| shot.clone().cancel_requested(now).is_ok()) {
        cancel_shots(&app.recorder.store, &app.recorder.queues, id, now).await?;
        return Ok(Attended::Reminded);
    }
    let missed = match job.value.is_due(&shots) {
        Ok(()) => true,
        Err(NotFinished::Running) => false,
        Err(NotFinished::AlreadyDone) => return Ok(Attended::Nothing),
    };
    if missed {
        app.recorder.queues.try_wake_ingest(IngestWakeUp::Job(id)).await?;
    }
    // It waits for long though there is room: whatever the list says, the receiver of its message reads its shots
    // themselves.
    if let Some(waiting) = shots.iter().find(|shot| shot.state == ShotState::Waiting { not_before: None })
        && room
    {
        app.recorder.queues.try_wake_lane(waiting.lane, LaneWakeUp::Job(id), SignedDuration::ZERO).await?;
    }
    // Only as it was read: it may have shots that are under way by now.
    let checked = |job: Job| if job == seen.value { job.checked(missed, now) } else { Ok(job) };
    match app.recorder.store.change_job_from(seen.clone(), checked).await? {
        Changed::Done(_) | Changed::Unchanged(_) | Changed::Gone => {}
    }
    Ok(if missed { Attended::Reminded } else { Attended::Nothing })
}

/// A workflow that stood still for long: a message goes to the function that begins its next step.
async fn attend_to_workflow(app: &App, id: WorkflowId, now: Timestamp) -> Result<Attended, NotAttended> {
    app.recorder.queues.try_wake_ingest(IngestWakeUp::Workflow(id)).await?;
    match app.recorder.store.change_workflow(id, |workflow| Ok::<_, Infallible>(workflow.checked(now))).await? {
        Changed::Done(_) => Ok(Attended::Reminded),
        Changed::Gone => Ok(Attended::Nothing),
        Changed::Unchanged(never) => match never {},
    }
}

/// There is room: where shots wait all the same, a message was lost, or a lease ran out.
async fn wake_admission(app: &App) -> Result<(), NotAttended> {
    if app.recorder.store.anybody_waits().await? {
        app.recorder.queues.try_wake_lane(Lane::Master, LaneWakeUp::Room, SignedDuration::ZERO).await?;
    }
    Ok(())
}
