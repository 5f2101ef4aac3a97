//! The one step of accepting that writes: turns, job, shots and reservation, and then the wake-up message. The order of
//! the two is what makes a crash harmless.

use jiff::{SignedDuration, Timestamp};

use super::{Acceptor, Order, Planned, allow::tell_thresholds};
use crate::{
    clients::queue::{IngestWakeUp, LaneWakeUp},
    steps::deadline::watch_deadline,
    store::{Acceptance, Idempotency, JobView, MeterReading, NewJob, StoreError, Versions},
};
use likeness_domain::{
    id::{JobId, ProjectId},
    job::Job,
    kind::{Kind, Plan, Regeneration},
    shot::{Rank, Shot},
    workflow::Workflow,
};

/// What came of creating a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// Whether it was accepted.
    pub acceptance: Acceptance,
    /// The job as it was to be written, which it is if it was accepted.
    pub view: JobView,
}

impl Acceptor {
    /// Creates the job of an order that was planned, unless its idempotency key stands for another, and wakes what
    /// begins with it. `step_of` gives the workflow with this job as its step begun, and the revision that was read.
    ///
    /// # Errors
    /// The table was out of reach or refused; nothing was accepted unless a repetition says so.
    pub async fn create(
        &self,
        order: &Order,
        planned: Planned,
        reading: &MeterReading,
        idempotency: Option<&Idempotency>,
        step_of: impl FnOnce(JobId) -> Option<(Workflow, u64)>,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let Planned { mut kind, mut plan } = planned;
        if let Kind::Regeneration(again) = &mut kind {
            again.version = self.take_version(&order.account.project, again).await?;
        }
        let subject = plan.new_subject.take();
        // A transaction holds a hundred items; no kind comes near.
        let count = u16::try_from(plan.recipes.len()).unwrap_or(u16::MAX);
        let first_turn = self.first_turn(&order.account.project, kind.priority(), count).await?;
        let id = JobId::new(now, &self.rng);
        let shots = shots(id, order, &kind, &plan, first_turn);
        let job = job(id, order, kind, plan, count, now);
        let step_of = step_of(id);
        let new = NewJob {
            job: &job,
            shots: &shots,
            subject: subject.as_ref(),
            idempotency: idempotency.cloned(),
            workflow: step_of.as_ref().map(|(workflow, seen)| (workflow, *seen)),
            reading,
        };
        let acceptance = self.store.accept_job(&new, now).await?;
        if acceptance == Acceptance::Accepted {
            tell_thresholds(reading);
            self.announce(&job, now).await;
        }
        Ok(Created { acceptance, view: JobView::accepted(job, shots) })
    }

    /// Wakes what begins with a job that was accepted or opened again.
    pub async fn announce(&self, job: &Job, now: Timestamp) {
        match job.kind.lane() {
            Some(lane) => self.queues.wake_lane(lane, LaneWakeUp::Job(job.id), SignedDuration::ZERO).await,
            None => self.queues.wake_ingest(IngestWakeUp::Job(job.id)).await,
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
                let served = self.store.admission_state().await?.served.turn(priority);
                self.store.take_turns(project, priority, count, served).await
            }
        }
    }

    /// The number of the version that `again` makes, which foresaw it.
    async fn take_version(&self, project: &ProjectId, again: &Regeneration) -> Result<u32, StoreError> {
        let of = match (again.collection, again.recipe.angle) {
            (Some(collection), Some(angle)) => Versions::OfView(collection, angle),
            (Some(_) | None, _) => Versions::OfShot(again.shot),
        };
        self.store.next_version(project, of, again.version.saturating_sub(1)).await
    }
}

fn shots(id: JobId, order: &Order, kind: &Kind, plan: &Plan, first_turn: u64) -> Vec<Shot> {
    // Without a lane nothing is generated.
    let Some(lane) = kind.lane() else { return Vec::new() };
    let numbered = (0..=u16::MAX).zip(&plan.recipes);
    let shots = numbered.map(|(ordinal, recipe)| {
        let rank = Rank { priority: kind.priority(), turn: first_turn + u64::from(ordinal) };
        let shot = Shot::new(id.shot(ordinal), order.account.project.clone(), lane, rank, recipe.clone());
        Shot { together: plan.together, ..shot }
    });
    shots.collect()
}

fn job(id: JobId, order: &Order, kind: Kind, plan: Plan, count: u16, now: Timestamp) -> Job {
    let deadline = order.cancel_after.map(|after| now + after);
    Job {
        id,
        project: order.account.project.clone(),
        kind,
        created_by: order.account.user.clone(),
        key: order.account.key,
        end_user: order.account.end_user.clone(),
        created_at: now,
        accounted_at: order.step_of.map(|step_of| step_of.accepted_at),
        shots: count,
        reserved: plan.quote,
        ignored: plan.ignored,
        storage_plan: plan.storage_plan,
        cache_key: plan.cache_key.filter(|_| order.may_answer),
        workflow: order.step_of.map(|step_of| step_of.workflow),
        metadata: order.metadata.clone(),
        judged: Vec::new(),
        needs_review: false,
        report: None,
        deadline,
        retried_at: None,
        state: Job::opened(now, deadline),
    }
}
