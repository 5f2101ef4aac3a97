//! How much memory this process uses, and whether that grows with what it has done.

use std::fmt;

use crate::command::process::resident_megabytes;

/// In fewer jobs what is always there outweighs what each leaves behind.
const ENOUGH_JOBS: usize = 500;
/// What may come and go without a reason that would be of interest here.
const SLACK_MEGABYTES: f64 = 150.0;

/// Samples in megabytes, at equal distances in the work.
#[derive(Debug, Default)]
pub(super) struct Memory(Vec<u64>);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Course {
    /// No more at the end than near the beginning, give or take.
    Flat {
        early: f64,
        late: f64,
    },
    Grows {
        early: f64,
        late: f64,
    },
    /// Too few jobs, or a machine that does not count.
    Unknown,
}

impl Memory {
    /// Takes a sample, and returns it.
    pub(super) fn sample(&mut self) -> u64 {
        let now = resident_megabytes();
        self.0.push(now);
        now
    }

    /// Compares the last fifth of the samples with the second, as in the first everything is set up.
    pub(super) fn course(&self, jobs: usize) -> Course {
        let fifth = self.0.len() / 5;
        let (early, late) = (self.0.get(fifth..2 * fifth), self.0.get(self.0.len() - fifth..));
        let (Some(early @ [_, ..]), Some(late), true) = (early, late, jobs >= ENOUGH_JOBS) else {
            return Course::Unknown;
        };
        let (early, late) = (mean(early), mean(late));
        if late > 2.0 * early + SLACK_MEGABYTES {
            Course::Grows { early, late }
        } else if early == 0.0 {
            Course::Unknown
        } else {
            Course::Flat { early, late }
        }
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat { early, late } => write!(f, "memory flat: {early:.0} MB early on, {late:.0} MB at the end"),
            Self::Grows { early, late } => write!(f, "memory grows: {early:.0} MB early on, {late:.0} MB at the end"),
            Self::Unknown => write!(f, "memory not judged: that takes {ENOUGH_JOBS} jobs, and Linux"),
        }
    }
}

fn mean(samples: &[u64]) -> f64 {
    samples.iter().sum::<u64>() as f64 / samples.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_is_told_from_what_comes_and_goes() {
        let course = |jobs, sample: fn(u64) -> u64| Memory((0..50).map(sample).collect()).course(jobs);
        assert_eq!(course(500, |_| 300), Course::Flat { early: 300.0, late: 300.0 });
        assert!(matches!(course(500, |at| 300 + at % 2 * 400), Course::Flat { .. }));
        assert!(matches!(course(500, |at| at * 8), Course::Flat { .. }), "within the slack");
        assert!(matches!(course(500, |at| 200 + at * 40), Course::Grows { .. }));
        assert_eq!(course(499, |at| 200 + at * 40), Course::Unknown);
        assert_eq!(course(500, |_| 0), Course::Unknown);
        assert_eq!(Memory(vec![300; 4]).course(500), Course::Unknown);
    }
}
