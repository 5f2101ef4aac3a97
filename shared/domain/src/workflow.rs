//! A workflow: jobs in a chain. A step begins when what it needs is ready, and fails with it. Pure; `run_workflow.rs`
//! makes it happen.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Failure, FailureCode},
    id::{JobId, KeyId, ProjectId, UserId, WorkflowId},
    image_ref::ImageRef,
    job::JobStatus,
    kind::Kind,
    limit::{Account, EndUser},
    money::Usd,
};

/// Most steps of one workflow.
pub const MAX_STEPS: usize = 50;
/// How long a workflow may stand still before the reconciler looks at it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// The same for one that waits for others, for an image or for room in a lane: no message tells it of that.
const PATIENCE_WITH_OTHERS: SignedDuration = SignedDuration::from_secs(20);

/// A chain of jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    pub id: WorkflowId,
    /// The project that pays.
    pub project: ProjectId,
    /// The user that asked for it.
    pub created_by: UserId,
    /// The key that it came with; `None` for a user who signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// The user of an app for whom it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<EndUser>,
    pub created_at: Timestamp,
    /// Its steps; each needs only earlier ones.
    pub steps: Vec<Step>,
    /// Whether earlier jobs may answer its steps.
    pub may_be_cached: bool,
    /// When its jobs are taken back, and no step begins any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    pub state: WorkflowState,
}

/// One job of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What later steps call it.
    pub name: String,
    /// What it makes; may name earlier steps' results.
    pub kind: Kind,
    /// Steps that have to be done before, beside those whose results it names.
    pub after: Vec<String>,
    /// What is set aside for it until it begins: the most that it may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Usd>,
    pub state: StepState,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It has not begun.
    Pending,
    /// It is this job.
    Begun(JobId),
    /// It never will be a job.
    NotBegun(Failure),
}

/// Where a workflow stands, as far as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowState {
    /// Some step is not done.
    Open {
        /// When the reconciler looks at it.
        check_at: Timestamp,
    },
    /// Every step is done or never will be.
    Ended { at: Timestamp },
}

/// What is known of a step's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOutcome {
    /// It is under way.
    Open,
    /// It has made enough for others to go on from.
    Usable,
    /// It has not.
    Useless,
}

/// What a workflow needs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// The step with this index can begin.
    Begin(usize),
    /// The step with this index never will.
    Drop(usize, Failure),
    /// Something under way has to end first.
    Wait,
    /// Nothing: it is at its end.
    End,
}

impl Workflow {
    /// Who pays for it.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            project: self.project.clone(),
            user: self.created_by.clone(),
            key: self.key,
            end_user: self.end_user.clone(),
        }
    }

    /// What is set aside for the steps that may still begin.
    #[must_use]
    pub fn held(&self) -> Usd {
        self.steps.iter().filter(|step| step.state == StepState::Pending).filter_map(|step| step.held).sum()
    }

    /// The state of a workflow that is just being accepted.
    #[must_use]
    pub fn opened(now: Timestamp) -> WorkflowState {
        WorkflowState::Open { check_at: now + PATIENCE }
    }

    /// When the reconciler has to look at it.
    #[must_use]
    pub fn check_at(&self) -> Option<Timestamp> {
        match self.state {
            WorkflowState::Open { check_at } => Some(check_at),
            WorkflowState::Ended { .. } => None,
        }
    }

    /// What it needs next, if its jobs stand as `outcomes` says. The steps `put_off` wait for others: for images that
    /// they make, or for room in a lane that they fill.
    #[must_use]
    pub fn next(&self, outcomes: &HashMap<JobId, JobOutcome>, put_off: &HashSet<usize>) -> NextStep {
        let mut waits = false;
        for (index, step) in self.steps.iter().enumerate() {
            match &step.state {
                StepState::NotBegun(_) => {}
                StepState::Begun(job) => waits |= outcomes.get(job).is_none_or(|outcome| *outcome == JobOutcome::Open),
                StepState::Pending if put_off.contains(&index) => waits = true,
                StepState::Pending => match self.readiness(step, outcomes) {
                    Readiness::Ready => return NextStep::Begin(index),
                    Readiness::Waits => waits = true,
                    Readiness::Never(name) => {
                        let failure = Failure::new(FailureCode::StepFailed, format!("the step {name} was not done"));
                        return NextStep::Drop(index, failure);
                    }
                },
            }
        }
        if waits { NextStep::Wait } else { NextStep::End }
    }

    fn readiness(&self, step: &Step, outcomes: &HashMap<JobId, JobOutcome>) -> Readiness {
        let mut readiness = Readiness::Ready;
        for name in step.needs() {
            let needed = self.steps.iter().find(|other| other.name == name);
            match needed.map(|needed| &needed.state) {
                Some(StepState::Begun(job)) => match outcomes.get(job) {
                    Some(JobOutcome::Usable) => {}
                    Some(JobOutcome::Useless) => return Readiness::Never(name),
                    Some(JobOutcome::Open) | None => readiness = Readiness::Waits,
                },
                Some(StepState::Pending) => readiness = Readiness::Waits,
                Some(StepState::NotBegun(_)) | None => return Readiness::Never(name),
            }
        }
        readiness
    }

    /// Its status, if its steps stand as `steps` says.
    #[must_use]
    pub fn status(&self, steps: &[JobStatus]) -> JobStatus {
        let all = |status| steps.iter().all(|step| *step == status);
        match self.state {
            WorkflowState::Open { .. } if all(JobStatus::Queued) => JobStatus::Queued,
            WorkflowState::Open { .. } => JobStatus::Processing,
            WorkflowState::Ended { .. } if all(JobStatus::Completed) => JobStatus::Completed,
            WorkflowState::Ended { .. } if steps.iter().any(|step| step.is_usable()) => JobStatus::Partial,
            WorkflowState::Ended { .. } if steps.contains(&JobStatus::Canceled) => JobStatus::Canceled,
            WorkflowState::Ended { .. } => JobStatus::Failed,
        }
    }

    /// The jobs that have begun.
    pub fn jobs(&self) -> impl Iterator<Item = JobId> {
        self.steps.iter().filter_map(|step| match step.state {
            StepState::Begun(job) => Some(job),
            StepState::Pending | StepState::NotBegun(_) => None,
        })
    }

    /// With the step as `state` says.
    #[must_use]
    pub fn with_step(mut self, index: usize, state: StepState, now: Timestamp) -> Self {
        if let Some(step) = self.steps.get_mut(index).filter(|step| step.state == StepState::Pending) {
            step.state = state;
        }
        self.checked(now)
    }

    /// Without what has not begun.
    #[must_use]
    pub fn canceled(mut self, now: Timestamp) -> Self {
        for step in self.steps.iter_mut().filter(|step| step.state == StepState::Pending) {
            let failure = Failure::new(FailureCode::Canceled, "the workflow was canceled");
            step.state = StepState::NotBegun(failure);
        }
        self.checked(now)
    }

    /// Looked at, and still open.
    #[must_use]
    pub fn checked(mut self, now: Timestamp) -> Self {
        if let WorkflowState::Open { .. } = self.state {
            self.state = Self::opened(now);
        }
        self
    }

    /// Looked at, and waiting for others. `None` where the reconciler comes by in time as it is.
    #[must_use]
    pub fn waiting_for_others(&self, now: Timestamp) -> Option<Self> {
        let soon = now + PATIENCE_WITH_OTHERS;
        let in_time = self.check_at().is_none_or(|check_at| now < check_at && check_at <= soon);
        (!in_time).then(|| Self { state: WorkflowState::Open { check_at: soon }, ..self.clone() })
    }

    /// At its end.
    #[must_use]
    pub fn ended(mut self, now: Timestamp) -> Self {
        self.state = WorkflowState::Ended { at: now };
        self
    }
}

enum Readiness {
    Ready,
    Waits,
    Never(String),
}

impl Step {
    /// Its status, if its job stands as `job` says.
    #[must_use]
    pub fn status(&self, job: Option<JobStatus>) -> JobStatus {
        match &self.state {
            StepState::Pending => JobStatus::Queued,
            StepState::Begun(_) => job.unwrap_or(JobStatus::Queued),
            StepState::NotBegun(failure) if matches!(failure.code, FailureCode::Canceled | FailureCode::Deadline) => {
                JobStatus::Canceled
            }
            StepState::NotBegun(_) => JobStatus::Failed,
        }
    }

    /// The names of the steps that have to be done before.
    #[must_use]
    pub fn needs(&self) -> Vec<String> {
        let mut kind = self.kind.clone();
        let named = kind.image_refs_mut().into_iter().filter_map(|(_, pointer)| match pointer {
            ImageRef::Step { step, .. } => Some(step.clone()),
            ImageRef::Media(_) | ImageRef::Job(_) | ImageRef::Url(_) => None,
        });
        let mut seen = HashSet::new();
        self.after.iter().cloned().chain(named).filter(|name| seen.insert(name.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kind::{
            Profile, Tuning,
            master::tests::keeper,
            profile::{EIGHT, Resolution},
        },
        rng::Rng,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn job(number: u64) -> JobId {
        JobId::new(at(0), &Rng::seeded(number))
    }

    fn step(name: &str, kind: Kind, after: &[&str]) -> Step {
        let after = after.iter().map(|name| (*name).to_owned()).collect();
        Step { name: name.to_owned(), kind, after, held: None, state: StepState::Pending }
    }

    /// A master, its profile, and another master that has only to come after the profile.
    fn workflow() -> Workflow {
        let profile = Kind::Profile(Profile {
            master: "$hero".parse().unwrap(),
            subject: "keeper".parse().unwrap(),
            angles: EIGHT.to_vec(),
            resolution: Resolution::Standard,
            description: None,
            reroll_budget: None,
            tuning: Tuning::default(),
        });
        Workflow {
            id: WorkflowId::new(at(0), &Rng::seeded(9)),
            project: "isle".parse().unwrap(),
            created_by: "ada".parse().unwrap(),
            key: None,
            end_user: None,
            created_at: at(0),
            steps: vec![
                step("hero", Kind::Master(keeper()), &[]),
                step("turn", profile, &[]),
                step("last", Kind::Master(keeper()), &["turn"]),
            ],
            may_be_cached: true,
            deadline: None,
            state: Workflow::opened(at(0)),
        }
    }

    fn next(workflow: &Workflow, outcomes: &HashMap<JobId, JobOutcome>) -> NextStep {
        workflow.next(outcomes, &HashSet::new())
    }

    #[test]
    fn a_step_begins_when_what_it_needs_is_ready() {
        let mut outcomes = HashMap::new();
        let start = workflow();
        assert_eq!(next(&start, &outcomes), NextStep::Begin(0));
        let begun = start.with_step(0, StepState::Begun(job(1)), at(1));
        assert_eq!(next(&begun, &outcomes), NextStep::Wait);
        outcomes.insert(job(1), JobOutcome::Open);
        assert_eq!(next(&begun, &outcomes), NextStep::Wait);
        outcomes.insert(job(1), JobOutcome::Usable);
        assert_eq!(next(&begun, &outcomes), NextStep::Begin(1));
        let second = begun.with_step(1, StepState::Begun(job(2)), at(2));
        outcomes.insert(job(2), JobOutcome::Usable);
        assert_eq!(next(&second, &outcomes), NextStep::Begin(2));
        let third = second.with_step(2, StepState::Begun(job(3)), at(3));
        outcomes.insert(job(3), JobOutcome::Useless);
        assert_eq!(next(&third, &outcomes), NextStep::End);
    }

    #[test]
    fn a_step_that_is_put_off_holds_up_nobody_and_the_sweep_comes_by_sooner() {
        let mut start = workflow();
        let put_off = HashSet::from([0]);
        assert_eq!(start.next(&HashMap::new(), &put_off), NextStep::Wait);
        start.steps[2].after.clear();
        assert_eq!(start.next(&HashMap::new(), &put_off), NextStep::Begin(2));
        let waiting = start.waiting_for_others(at(1)).unwrap();
        assert_eq!(waiting.check_at(), Some(at(21)));
        assert_eq!(waiting.waiting_for_others(at(5)), None);
        assert_eq!(waiting.waiting_for_others(at(21)).unwrap().check_at(), Some(at(41)));
        assert_eq!(start.ended(at(9)).waiting_for_others(at(10)), None);
    }

    #[test]
    fn a_step_fails_with_what_it_needs_and_takes_the_rest_along() {
        let begun = workflow().with_step(0, StepState::Begun(job(1)), at(1));
        let outcomes = HashMap::from([(job(1), JobOutcome::Useless)]);
        let NextStep::Drop(1, failure) = next(&begun, &outcomes) else { panic!("the profile needs the hero") };
        assert_eq!((failure.code, failure.detail.as_str()), (FailureCode::StepFailed, "the step hero was not done"));
        let dropped = begun.with_step(1, StepState::NotBegun(failure), at(2));
        let NextStep::Drop(2, failure) = next(&dropped, &outcomes) else { panic!("the last comes after the profile") };
        assert_eq!(next(&dropped.with_step(2, StepState::NotBegun(failure), at(3)), &outcomes), NextStep::End);
    }

    #[test]
    fn canceling_takes_back_what_has_not_begun_and_nothing_else() {
        let begun = workflow().with_step(0, StepState::Begun(job(1)), at(1)).canceled(at(2));
        assert_eq!(begun.jobs().collect::<Vec<_>>(), [job(1)]);
        assert!(begun.steps[1..].iter().all(|step| matches!(step.state, StepState::NotBegun(_))));
        assert_eq!(next(&begun, &HashMap::from([(job(1), JobOutcome::Open)])), NextStep::Wait);
        assert_eq!(next(&begun, &HashMap::from([(job(1), JobOutcome::Usable)])), NextStep::End);
        // A step that is dropped is never begun after all.
        let again = begun.clone().with_step(1, StepState::Begun(job(2)), at(3));
        assert_eq!(again.jobs().collect::<Vec<_>>(), [job(1)]);
    }

    #[test]
    fn a_workflow_ends_as_its_steps_did() {
        use JobStatus::{Canceled, Completed, Failed, Partial, Processing, Queued};
        let (open, ended) = (workflow(), workflow().ended(at(9)));
        assert_eq!(open.status(&[Queued, Queued, Queued]), Queued);
        assert_eq!(open.status(&[Completed, Queued, Queued]), Processing);
        assert_eq!(open.status(&[Completed, Completed, Completed]), Processing, "its end is not written yet");
        for (steps, status) in [
            ([Completed, Completed, Completed], Completed),
            ([Completed, Partial, Completed], Partial),
            ([Completed, Canceled, Canceled], Partial),
            ([Failed, Failed, Failed], Failed),
            ([Failed, Canceled, Canceled], Canceled),
        ] {
            assert_eq!(ended.status(&steps), status, "{steps:?}");
        }
        let canceled = workflow().canceled(at(2));
        assert_eq!(canceled.steps[0].status(None), Canceled);
        let dropped = StepState::NotBegun(Failure::new(FailureCode::StepFailed, "no"));
        assert_eq!(workflow().with_step(0, dropped, at(1)).steps[0].status(None), Failed);
        assert_eq!(workflow().with_step(0, StepState::Begun(job(1)), at(1)).steps[0].status(Some(Partial)), Partial);
    }

    #[test]
    fn what_is_needed_twice_is_named_once() {
        let Kind::Profile(profile) = workflow().steps[1].kind.clone() else { panic!("the second is the profile") };
        let step = step("turn", Kind::Profile(profile), &["hero", "last"]);
        assert_eq!(step.needs(), ["hero", "last"]);
    }
}
