//! Taking a workflow as far as it can go now. Whoever ends one of its jobs does it, and the sweep where that was missed; a
//! step begins in the transaction that accepts its job, so that it begins once.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    failure::{Failure, FailureCode},
    id::{JobId, MediaId, WorkflowId},
    intake::{Declined, Intake, Order, Prepared},
    job::{Job, JobStatus},
    kind::{Kind, Unfit},
    pointer::ImagePointer,
    queue::LaneHint,
    shot::Shot,
    store::{Acceptance, JobView, NewJob, Saved, StoreError, Versioned},
    workflow::{JobOutcome, Next, StepState, Workflow, WorkflowState},
};

/// Begins every step that can begin, drops those that never will, and ends the workflow after the last.
///
/// # Errors
/// The table was out of reach or refused; what was begun stands.
pub async fn advance(intake: &Intake, id: WorkflowId, now: Timestamp) -> Result<(), StoreError> {
    loop {
        let Some(before) = intake.store.workflow(id).await? else { return Ok(()) };
        if let WorkflowState::Ended { .. } = before.value.state {
            return Ok(());
        }
        let jobs = jobs(intake, &before.value).await?;
        let outcomes = jobs.iter().map(|(id, view)| (*id, outcome(view))).collect();
        let saved = match before.value.next(&outcomes) {
            Next::Begin(index) => begin(intake, &before, index, &jobs, now).await?,
            Next::Drop(index, failure) => {
                let after = before.value.clone().with_step(index, StepState::NotBegun(failure), now);
                intake.store.save_workflow(&after, before.revision).await?
            }
            Next::Wait => return Ok(()),
            Next::End => {
                tracing::info!(event = "workflow_complete", workflow.id = %id, "workflow ended");
                intake.store.save_workflow(&before.value.clone().ended(now), before.revision).await?
            }
        };
        // Whoever was faster changed it: look again.
        let (Saved::Yes | Saved::Conflict) = saved;
    }
}

async fn jobs(intake: &Intake, workflow: &Workflow) -> Result<HashMap<JobId, JobView>, StoreError> {
    let mut jobs = HashMap::new();
    for id in workflow.jobs() {
        if let Some(view) = intake.store.job(id).await? {
            jobs.insert(id, view);
        }
    }
    Ok(jobs)
}

fn outcome(view: &JobView) -> JobOutcome {
    match view.job.value.status(&view.plain_shots()) {
        JobStatus::Queued | JobStatus::Processing => JobOutcome::Open,
        JobStatus::Completed | JobStatus::Partial => JobOutcome::Usable,
        JobStatus::Failed | JobStatus::Canceled => JobOutcome::Useless,
    }
}

/// Accepts the step's job, with the step in the same transaction.
async fn begin(
    intake: &Intake,
    before: &Versioned<Workflow>,
    index: usize,
    jobs: &HashMap<JobId, JobView>,
    now: Timestamp,
) -> Result<Saved, StoreError> {
    let workflow = &before.value;
    let with_step = |state| workflow.clone().with_step(index, state, now);
    let drop = async |failure| {
        let after = with_step(StepState::NotBegun(failure));
        intake.store.save_workflow(&after, before.revision).await
    };
    let mut kind = workflow.steps[index].kind.clone();
    if let Err(unfit) = put_results_in_place(&mut kind, workflow, jobs) {
        return drop(Failure::new(FailureCode::StepFailed, unfit.to_string())).await;
    }
    let order = Order {
        project: workflow.project.clone(),
        created_by: workflow.created_by.clone(),
        kind,
        metadata: None,
        may_be_cached: true,
        workflow: Some(workflow.id),
    };
    let (job, shots, subject) = match intake.prepare(&order, now).await {
        Ok(Prepared::New { job, shots, subject }) => (job, shots, subject),
        Ok(Prepared::Cached(earlier)) => {
            let after = with_step(StepState::Begun(earlier.job.value.id));
            return intake.store.save_workflow(&after, before.revision).await;
        }
        Err(Declined::Store(error)) => return Err(error),
        Err(declined @ (Declined::Unfit(_) | Declined::NotReady { .. })) => {
            return drop(Failure::new(FailureCode::InvalidInput, declined.to_string())).await;
        }
    };
    let after = with_step(StepState::Begun(job.id));
    let new = NewJob {
        job: &job,
        shots: &shots,
        subject: subject.as_deref(),
        idempotency: None,
        workflow: Some((&after, before.revision)),
    };
    match intake.store.accept_job(&new, now).await? {
        Acceptance::Accepted => {
            hint(intake, &job).await;
            Ok(Saved::Yes)
        }
        Acceptance::Conflict | Acceptance::Replayed(_) | Acceptance::KeyReused => Ok(Saved::Conflict),
    }
}

async fn hint(intake: &Intake, job: &Job) {
    intake.queues.hint_lane(job.kind.lane(), LaneHint::Job(job.id), SignedDuration::ZERO).await;
}

/// Replaces the names of steps by the images that they made.
fn put_results_in_place(kind: &mut Kind, workflow: &Workflow, jobs: &HashMap<JobId, JobView>) -> Result<(), Unfit> {
    for (place, pointer) in kind.pointers_mut() {
        let ImagePointer::Step { step, angle } = &*pointer else { continue };
        let state = workflow.steps.iter().find(|other| other.name == *step).map(|other| &other.state);
        let view = match state {
            Some(StepState::Begun(job)) => jobs.get(job),
            Some(StepState::Pending | StepState::NotBegun(_)) | None => None,
        };
        let image = view.and_then(|view| image_of(view, *angle));
        let image = image.ok_or_else(|| Unfit::new(place, format!("{pointer} is an image that was not made")))?;
        *pointer = ImagePointer::Media(image);
    }
    Ok(())
}

/// The first image of a job, or the one from `angle`.
fn image_of(view: &JobView, angle: Option<u16>) -> Option<MediaId> {
    let shots = view.plain_shots();
    let mut seen_so = shots.iter().filter(|shot| angle.is_none() || shot.recipe.angle == angle);
    seen_so.find_map(|shot| Shot::media(shot).first().cloned())
}
