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
    /// Its index.
    pub step: usize,
    /// Why.
    pub why: Declined,
}

impl Acceptor {
    /// Plans every one of `steps` and writes nothing. Those that need no other are to begin at once, unless earlier
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
    ) -> Result<Vec<Planned>, StepDeclined> {
        let (mut foreseen, mut planned) = (Foreseen::default(), Vec::new());
        for (index, step) in steps.iter().enumerate() {
            let declined = |why| StepDeclined { step: index, why };
            let resolved = self.resolve(project, step.kind.clone(), Some(&foreseen)).await.map_err(declined)?;
            let plan = self.plan(project, resolved, now).map_err(|unfit| declined(unfit.into()))?;
            self.foresee(&mut foreseen, project, &step.name, &plan, now);
            planned.push(plan);
        }
        // Only now: what is wrong with a request is said before when it may come again.
        for (index, planned) in planned.iter().enumerate().filter(|(index, _)| steps[*index].needs().is_empty()) {
            let begins = self.room_to_begin(project, planned, may_be_cached, now).await;
            begins.map_err(|why| StepDeclined { step: index, why })?;
        }
        Ok(planned)
    }

    async fn room_to_begin(
        &self,
        project: &ProjectId,
        planned: &Planned,
        may_be_cached: bool,
        now: Timestamp,
    ) -> Result<(), Declined> {
        if may_be_cached && self.reuse(project, planned, now).await?.is_some() {
            return Ok(());
        }
        self.room(&planned.kind, false, now).await
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
