//! What a soak says at its end, and whether that is good.

use std::time::Duration;

use super::{faults::Struck, memory::Course};
use likeness_stack::audit::Audit;

use crate::command::load::Ended;

/// All that is known of a run once it is over.
pub(super) struct Outcome {
    /// The requests, each for a job or a workflow.
    pub(super) orders: usize,
    /// The part of the calls that was to meet a fault.
    pub(super) faults: f64,
    /// Jobs that were made before.
    pub(super) before: usize,
    pub(super) ended: Vec<Ended>,
    /// Why each request that did not end did not.
    pub(super) unfinished: Vec<String>,
    pub(super) found: Audit,
    pub(super) struck: Struck,
    pub(super) memory: Course,
    pub(super) took: Duration,
}

impl Outcome {
    pub(super) fn print(&self) {
        let Self { ended, found, struck, .. } = self;
        let sent: usize = ended.iter().map(|ended| ended.requests).sum();
        println!(
            "  ended     {} completed, {} partial, {} failed, {} canceled; asked for {sent} times, {} begun anew",
            self.count("completed"),
            self.count("partial"),
            self.count("failed"),
            self.count("canceled"),
            ended.iter().filter(|ended| ended.again).count(),
        );
        println!(
            "  pictures  {} stored in {} objects, {} requests at fal, {} paid twice",
            found.images, found.objects, found.requests, found.paid_twice
        );
        println!("  faults    {struck}");
        println!("  messages  {} given up to dead letters", found.dead_letters);
        println!("  time      {:.0} s", self.took.as_secs_f64());
        for reason in &self.unfinished {
            println!("  open      {reason}");
        }
        println!("{}", self.memory);
        let (lost, doubled) = self.miscounted();
        println!(
            "lost {lost}, doubled {doubled}, violations {}, undecidable {}",
            found.violations.len(),
            found.undecidable.len()
        );
        for unseen in &found.undecidable {
            println!("  {unseen}");
        }
        for violation in &found.violations {
            println!("  {violation}");
        }
    }

    /// Why the run counts as failed; empty after a good one.
    pub(super) fn shortcomings(&self) -> Vec<String> {
        let mut short = Vec::new();
        if !self.unfinished.is_empty() {
            short.push(format!("{} of {} never ended", self.unfinished.len(), self.orders));
        }
        let (lost, doubled) = self.miscounted();
        if lost + doubled + self.found.violations.len() > 0 {
            short.push("not sound".to_owned());
        }
        let completed = self.count("completed");
        if completed * 2 < self.orders {
            short.push(format!("only {completed} of {} completed", self.orders));
        }
        if self.faults > 0.0 {
            short.extend(self.struck.idle().map(|family| format!("nothing went wrong {family}")));
        }
        if let Course::Grows { .. } = self.memory {
            short.push(self.memory.to_string());
        }
        short
    }

    fn count(&self, status: &str) -> usize {
        self.ended.iter().filter(|ended| ended.status == status).count()
    }

    /// Jobs that callers know of and the table does not, and the other way round.
    fn miscounted(&self) -> (usize, usize) {
        let expected = self.before + self.ended.iter().map(|ended| ended.jobs).sum::<usize>() + self.unfinished.len();
        (expected.saturating_sub(self.found.jobs), self.found.jobs.saturating_sub(expected))
    }
}
