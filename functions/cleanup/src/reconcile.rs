//! One sweep. Everything unsettled carries the time at which somebody should have heard of it; what is past that time is
//! looked at here, in whatever state it is.

use std::convert::Infallible;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use likeness_core::{
    clients::queue::{IngestWakeUp, LaneWakeUp, QueueError},
    failure::{Failure, FailureCode},
    id::{JobId, ShotId, WorkflowId},
    job::{CanceledBy, Job, NotFinished},
    lane::Lane,
    shot::{Arrival, Shot, ShotState},
    steps::cancel::{cancel_shots, cancel_unwanted, request_cancel},
    steps::cancel_at_provider::cancel_at_provider,
    steps::poll_provider::{Polled, poll_provider},
    steps::record_result::Recorded,
    store::{Changed, Overdue, StoreError, Versioned},
    telemetry::causes,
};
use serde::Serialize;

use crate::app::App;

/// Most that one sweep looks at; the rest is still due at the next.
const AT_ONCE: u16 = 200;
/// How many of them at the same time.
const TOGETHER: usize = 8;

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
}

enum Attended {
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

/// Attends to what is overdue, and wakes admission if somebody waits while there is room.
///
/// # Errors
/// The table was out of reach or refused before anything was attended to.
pub async fn reconcile(app: &App) -> Result<Report, StoreError> {
    let now = app.clock.now();
    // An admission state that cannot be read keeps nobody from what is overdue.
    let admission_state = app.recorder.store.admission_state().await;
    let room = admission_state
        .as_ref()
        .is_ok_and(|admission_state| admission_state.in_flight(now) < usize::from(app.limits.slots));
    // First, as a slow fal may use up all the time that there is.
    let woken = match admission_state {
        Ok(_) if room => wake_admission(app).await,
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    };
    let overdue = app.recorder.store.overdue(now, AT_ONCE).await?;
    let mut report = Report { overdue: u32::try_from(overdue.len()).unwrap_or(u32::MAX), ..Report::default() };
    let mut attended = stream::iter(overdue).map(|item| attend(app, item, room, now)).buffer_unordered(TOGETHER);
    while let Some(outcome) = attended.next().await {
        match outcome {
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

/// `room`: there are slots for whoever waits.
async fn attend(app: &App, overdue: Overdue, room: bool, now: Timestamp) -> Result<Attended, NotAttended> {
    match overdue {
        Overdue::Job(job) => attend_to_job(app, job, room, now).await,
        Overdue::Workflow(workflow) => attend_to_workflow(app, workflow, now).await,
        Overdue::Shot(shot) => attend_to_shot(app, shot, now).await,
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
        ShotState::Submitting(flight) if flight.lease_until <= now => {
            let attempt = shot.attempt();
            match app.recorder.record(id, attempt, Arrival::Silence, now).await? {
                Recorded::Landed(_) => {
                    tracing::warn!(event = "submit_lost", shot.id = %id, shot.attempt = attempt, "fal never answered");
                    Ok(Attended::GivenUp)
                }
                Recorded::Known | Recorded::Late | Recorded::Unknown => Ok(Attended::Nothing),
            }
        }
        ShotState::Submitted { check_at, .. } if *check_at <= now => {
            // Nobody has told fal yet, or fal did not take it.
            cancel_at_provider(&app.recorder, &app.fal, before.clone(), now).await?;
            match poll_provider(&app.recorder, &app.fal, id, now).await? {
                Polled::Recorded(Recorded::Landed(_)) => Ok(Attended::Recovered),
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
    // Somebody took it back, and was stopped in the middle of it.
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
    // It waits for long though there is room: whatever the list says, who has its hint reads its shots themselves.
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

/// A workflow that stood still for long: whoever may begin its next step is told.
async fn attend_to_workflow(app: &App, id: WorkflowId, now: Timestamp) -> Result<Attended, NotAttended> {
    app.recorder.queues.try_wake_ingest(IngestWakeUp::Workflow(id)).await?;
    match app.recorder.store.change_workflow(id, |workflow| Ok::<_, Infallible>(workflow.checked(now))).await? {
        Changed::Done(_) => Ok(Attended::Reminded),
        Changed::Gone => Ok(Attended::Nothing),
        Changed::Unchanged(never) => match never {},
    }
}

/// There is room: where somebody waits all the same, a message was lost, or a lease ran out.
async fn wake_admission(app: &App) -> Result<(), NotAttended> {
    if app.recorder.store.anybody_waits().await? {
        app.recorder.queues.try_wake_lane(Lane::Master, LaneWakeUp::Room, SignedDuration::ZERO).await?;
    }
    Ok(())
}
