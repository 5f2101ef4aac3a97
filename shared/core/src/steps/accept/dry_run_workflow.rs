//! A workflow before anything of it is made: each step is planned as if the ones before it had made all that they were
//! asked for, so that nothing is paid for a chain that cannot come to its end.

use jiff::Timestamp;

use super::{Acceptor, Declined, Foreseen, Planned};
use likeness_domain::{
    expected,
    id::{JobId, ProjectId},
    workflow::Step,
};

/// A step that could never begin, or not now, and why.
#[derive(Debug)]
pub struct StepDeclined {
    pub step: usize,
    pub why: Declined,
}

/// A step that could begin.
#[derive(Debug, Clone)]
pub struct PlannedStep {
    pub planned: Planned,
    /// An earlier job answers it, as things stand.
    pub reused: bool,
}

impl Acceptor {
    /// Plans every one of `steps`, in the order in which they can begin, and writes nothing. Those that need no other are to begin at once, unless earlier
    /// jobs answer them, and so have to find room in their lanes; the others wait where there is none.
    ///
    /// # Errors
    /// A step could never begin, or not now, or the table was out of reach.
    pub async fn dry_run_workflow(
        &self,
        project: &ProjectId,
        steps: &[Step],
        may_be_cached: bool,
        now: Timestamp,
    ) -> Result<Vec<PlannedStep>, StepDeclined> {
        let (mut foreseen, mut planned) = (Foreseen::default(), Vec::new());
        for (index, step) in steps.iter().enumerate() {
            let declined = |why| StepDeclined { step: index, why };
            let resolved = self.resolve(project, step.kind.clone(), Some(&foreseen)).await.map_err(declined)?;
            let plan = self.plan(project, resolved, now).map_err(|unfit| declined(unfit.into()))?;
            self.foresee(&mut foreseen, project, &step.name, &plan, now);
            planned.push(PlannedStep { planned: plan, reused: false });
        }
        // Only now: what is wrong with a request is said before when it may come again.
        for (index, step) in planned.iter_mut().enumerate().filter(|(index, _)| steps[*index].needs().is_empty()) {
            let reused = self.is_answered_or_begins(project, &step.planned, may_be_cached, now).await;
            step.reused = reused.map_err(|why| StepDeclined { step: index, why })?;
        }
        Ok(planned)
    }

    /// Whether an earlier job answers the step; where none does it has to find room.
    async fn is_answered_or_begins(
        &self,
        project: &ProjectId,
        planned: &Planned,
        may_be_cached: bool,
        now: Timestamp,
    ) -> Result<bool, Declined> {
        if may_be_cached && self.reuse(project, planned, now).await?.is_some() {
            return Ok(true);
        }
        self.room(&planned.kind, false, now).await.map(|()| false)
    }

    fn foresee(
        &self,
        foreseen: &mut Foreseen,
        project: &ProjectId,
        step: &str,
        Planned { plan, .. }: &Planned,
        now: Timestamp,
    ) {
        let job = JobId::new(now, &self.rng);
        let images = (0..).zip(&plan.recipes).map(|(ordinal, recipe)| {
            let id = job.shot(ordinal).media(0);
            expected::image(id, project, &plan.storage_plan, recipe, now)
        });
        foreseen.add(step, images.collect(), plan.new_subject.clone());
    }
}
