//! Taking a workflow as far as it can go now. The end of one of its jobs does it, and the reconciler where that was
//! missed; a step begins in the transaction that accepts its job, so that it begins once.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::{
    clients::queue::IngestWakeUp,
    steps::accept::{Acceptor, Declined, DryRun, Order, StepOf},
    store::{Acceptance, JobView, Saved, StoreError, Versioned},
};
use likeness_domain::{
    failure::{Failure, FailureCode},
    id::{JobId, MediaId, WorkflowId},
    image_ref::ImageRef,
    job::JobStatus,
    kind::{Kind, Unfit},
    limit::Allowance,
    shot::Shot,
    workflow::{JobOutcome, NextStep, StepState, Workflow, WorkflowState},
};

/// Begins every step that can begin, drops those that never will, and ends the workflow after the last.
///
/// # Errors
/// The table was out of reach or refused; what was begun stands.
pub async fn run_workflow(acceptor: &Acceptor, id: WorkflowId, now: Timestamp) -> Result<(), StoreError> {
    run_workflow_by(acceptor, id, usize::MAX, now).await
}

/// The same, but begins at most so many steps and leaves further ones to ingest: for a function that has little time.
///
/// # Errors
/// The table was out of reach or refused; what was begun stands.
pub async fn run_workflow_by(
    acceptor: &Acceptor,
    id: WorkflowId,
    most: usize,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (mut jobs, mut begun, mut put_off) = (HashMap::new(), 0, HashSet::new());
    let mut tries = acceptor.store.tries(id);
    loop {
        let Some(before) = acceptor.store.workflow(id).await? else { return Ok(()) };
        if let WorkflowState::Ended { .. } = before.value.state {
            return Ok(());
        }
        read_jobs(acceptor, &before.value, &mut jobs).await?;
        let outcomes = jobs.iter().map(|(id, view)| (*id, outcome(view))).collect();
        let saved = match before.value.next(&outcomes, &put_off) {
            NextStep::Begin(index) if before.value.deadline.is_some_and(|deadline| deadline <= now) => {
                let failure = Failure::new(FailureCode::Deadline, "the deadline of the workflow had passed");
                let after = before.value.clone().with_step(index, StepState::NotBegun(failure), now);
                acceptor.store.save_workflow(&before, &after).await?
            }
            NextStep::Begin(_) if begun == most => {
                acceptor.queues.wake_ingest(IngestWakeUp::Workflow(id)).await;
                return Ok(());
            }
            NextStep::Begin(index) => match begin(acceptor, &before, index, &jobs, now).await? {
                Some(saved) => {
                    begun += 1;
                    saved
                }
                None => {
                    put_off.insert(index);
                    continue;
                }
            },
            NextStep::Drop(index, failure) => {
                let after = before.value.clone().with_step(index, StepState::NotBegun(failure), now);
                acceptor.store.save_workflow(&before, &after).await?
            }
            NextStep::Wait => match before.value.waiting_for_others(now).filter(|_| !put_off.is_empty()) {
                Some(after) => acceptor.store.save_workflow(&before, &after).await?,
                None => return Ok(()),
            },
            NextStep::End => {
                tracing::info!(event = "workflow_complete", workflow.id = %id, "workflow ended");
                acceptor.store.save_workflow(&before, &before.value.clone().ended(now)).await?
            }
        };
        match saved {
            Saved::Yes => tries.start_over(),
            Saved::Conflict => tries.again().await?,
        }
    }
}

/// Reads the jobs that `jobs` does not hold yet. The others are not read again: the end of one of them leads here
/// again.
async fn read_jobs(
    acceptor: &Acceptor,
    workflow: &Workflow,
    jobs: &mut HashMap<JobId, JobView>,
) -> Result<(), StoreError> {
    let mut reads = JoinSet::new();
    for id in workflow.jobs().filter(|id| !jobs.contains_key(id)) {
        let store = acceptor.store.clone();
        reads.spawn(async move { store.job(id).await });
    }
    for view in reads.join_all().await {
        jobs.extend(view?.map(|view| (view.job.value.id, view)));
    }
    Ok(())
}

fn outcome(view: &JobView) -> JobOutcome {
    match view.job.value.status(&view.plain_shots()) {
        JobStatus::Queued | JobStatus::Processing => JobOutcome::Open,
        JobStatus::Completed | JobStatus::Partial => JobOutcome::Usable,
        JobStatus::Failed | JobStatus::Canceled => JobOutcome::Useless,
    }
}

/// Accepts the step's job, with the step in the same transaction. `None` while an image that it names is being made by
/// others, or its lane takes no more.
async fn begin(
    acceptor: &Acceptor,
    before: &Versioned<Workflow>,
    index: usize,
    jobs: &HashMap<JobId, JobView>,
    now: Timestamp,
) -> Result<Option<Saved>, StoreError> {
    let workflow = &before.value;
    let with_step = |state| workflow.clone().with_step(index, state, now);
    let drop = async |failure| {
        let after = with_step(StepState::NotBegun(failure));
        acceptor.store.save_workflow(before, &after).await.map(Some)
    };
    let mut kind = workflow.steps[index].kind.clone();
    if let Err(unfit) = put_results_in_place(&mut kind, workflow, jobs) {
        return drop(Failure::new(FailureCode::StepFailed, unfit.to_string())).await;
    }
    let order = Order {
        account: workflow.account(),
        // What the workflow as a whole was allowed.
        allowance: Allowance::default(),
        kind,
        metadata: None,
        may_be_cached: workflow.may_be_cached,
        may_answer: true,
        step_of: Some(StepOf {
            workflow: workflow.id,
            held: workflow.steps[index].held,
            accepted_at: workflow.created_at,
        }),
        cancel_after: workflow.deadline.map(|deadline| deadline.duration_since(now)),
    };
    let (planned, reading) = match acceptor.dry_run(&order, now).await {
        Ok(DryRun::New(planned, reading)) => (*planned, *reading),
        Ok(DryRun::Reused(earlier)) => {
            let after = with_step(StepState::Begun(earlier.job.value.id));
            return acceptor.store.begin_cached(before, &after).await.map(Some);
        }
        Err(Declined::Store(error)) => return Err(error),
        Err(Declined::NotReady { .. } | Declined::LaneFull { .. }) => return Ok(None),
        Err(Declined::Exceeded { .. }) => return drop(too_dear()).await,
        Err(Declined::Unfit(unfit)) => return drop(Failure::new(FailureCode::InvalidInput, unfit.to_string())).await,
    };
    let held = workflow.steps[index].held;
    if held.is_some_and(|held| planned.plan.quote.is_none_or(|quote| quote > held)) {
        return drop(too_dear()).await;
    }
    let step_of = |job| Some((with_step(StepState::Begun(job)), before.revision));
    match acceptor.create(&order, planned, &reading, None, step_of, now).await?.acceptance {
        Acceptance::Accepted => Ok(Some(Saved::Yes)),
        Acceptance::Conflict | Acceptance::Replayed(_) | Acceptance::KeyReused => Ok(Some(Saved::Conflict)),
    }
}

/// The quote of the workflow is kept.
fn too_dear() -> Failure {
    Failure::new(
        FailureCode::StepFailed,
        "it would cost more now than was set aside for it when the workflow was accepted",
    )
}

/// Replaces the names of steps by the images that they made.
fn put_results_in_place(kind: &mut Kind, workflow: &Workflow, jobs: &HashMap<JobId, JobView>) -> Result<(), Unfit> {
    for (place, pointer) in kind.image_refs_mut() {
        let ImageRef::Step { step, angle } = &*pointer else { continue };
        let state = workflow.steps.iter().find(|other| other.name == *step).map(|other| &other.state);
        let view = match state {
            Some(StepState::Begun(job)) => jobs.get(job),
            Some(StepState::Pending | StepState::NotBegun(_)) | None => None,
        };
        let image = view.and_then(|view| image_of(view, *angle));
        let image = image.ok_or_else(|| Unfit::new(place, format!("{pointer} is an image that was not made")))?;
        *pointer = ImageRef::Media(image);
    }
    Ok(())
}

/// The first image of a job, or the one from `angle`.
fn image_of(view: &JobView, angle: Option<u16>) -> Option<MediaId> {
    let shots = view.plain_shots();
    let mut seen_so = shots.iter().filter(|shot| angle.is_none() || shot.recipe.angle == angle);
    seen_so.find_map(|shot| Shot::media(shot).first().cloned())
}
