//! Opening a job again that ended with something missing: what failed or was canceled waits anew, and what is there
//! stays.
//!
//! The shots are the same ones, with further attempts. So whatever counts them (what was asked for, which angles there
//! are, how often one was made again, what is charged) comes out as if everything had been made at once.

use jiff::Timestamp;

use super::{Job, JobState};
use crate::{
    quote::{self, Line},
    shot::{Rank, Shot},
};

/// Why a job is not opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReopened {
    /// It has not ended.
    #[error("it is under way")]
    Running,
    /// Everything is there.
    #[error("it is complete")]
    Complete,
    /// What was tried fills a shot's record, which has to hold every attempt.
    #[error("it was tried too often")]
    TooOften,
    /// What it lacks is not for want of a shot.
    #[error("none of its shots failed or was canceled")]
    NothingMissing,
}

impl Job {
    /// The shots that are made again if it is opened again; none where it has none.
    ///
    /// # Errors
    /// It has not ended, or lacks nothing that trying again could bring.
    pub fn to_reopen<'a>(&self, shots: &'a [Shot]) -> Result<Vec<&'a Shot>, NotReopened> {
        match self.state {
            JobState::Open { .. } => Err(NotReopened::Running),
            JobState::Completed(_) => Err(NotReopened::Complete),
            JobState::Partial(..) | JobState::Failed(..) | JobState::Canceled(_) | JobState::Expired(..) => {
                let missing = self.kind.missing(shots);
                if missing.is_empty() && !shots.is_empty() {
                    return Err(NotReopened::NothingMissing);
                }
                if missing.iter().any(|shot| !shot.has_room_for_attempts()) {
                    return Err(NotReopened::TooOften);
                }
                Ok(missing)
            }
        }
    }

    /// What opening it again may cost at most.
    ///
    /// # Errors
    /// As for [`Job::to_reopen`].
    pub fn lines_to_reopen(&self, shots: &[Shot]) -> Result<Vec<Line>, NotReopened> {
        let missing = self.to_reopen(shots)?.into_iter().map(|shot| Line::of(shot.asked()));
        Ok(quote::merged(missing.chain(self.kind.may_follow(shots))))
    }

    /// Open again, with the shots that wait anew, which take the project's turns from `first_turn` on. Its reservation
    /// is what was charged so far and an upper bound of what comes.
    ///
    /// # Errors
    /// As for [`Job::to_reopen`].
    pub fn reopened(
        &self,
        shots: &[Shot],
        first_turn: u64,
        deadline: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Self, Vec<Shot>), NotReopened> {
        let missing = self.to_reopen(shots)?;
        let again = quote::total(&self.lines_to_reopen(shots)?);
        let turns = (first_turn..).zip(missing);
        let priority = self.kind.priority();
        let waiting = turns.map(|(turn, shot)| shot.clone().reopened(Rank { priority, turn }));
        let waiting = waiting.collect::<Result<_, _>>().map_err(|_| NotReopened::NothingMissing)?;
        let job = Self {
            reserved: again.map(|again| self.charged() + again),
            needs_review: false,
            report: None,
            deadline,
            retried_at: Some(now),
            state: Self::opened(now, deadline),
            ..self.clone()
        };
        Ok((job, waiting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        failure::{Failure, FailureCode},
        job::{Ending, JobStatus, tests},
        money::Usd,
        quote::bound,
        report::Verified,
    };

    #[test]
    fn only_what_is_missing_waits_anew_and_what_was_charged_stays_reserved() {
        let shots = [tests::stored(tests::CENT), tests::failed(), tests::canceled()];
        let ended = tests::finished(&shots);
        let (open, waiting) = ended.reopened(&shots, 20, Some(tests::at(90)), tests::at(70)).unwrap();
        assert_eq!((open.status(&shots), open.check_at()), (JobStatus::Processing, Some(tests::at(90))));
        assert_eq!((open.retried_at, open.deadline), (Some(tests::at(70)), Some(tests::at(90))));
        assert_eq!(waiting.iter().map(|shot| shot.id).collect::<Vec<_>>(), [shots[1].id, shots[2].id]);
        assert_eq!(waiting.iter().map(|shot| shot.rank.turn).collect::<Vec<_>>(), [20, 21]);
        // Two cents were charged, and two images are asked for.
        let each = bound(shots[1].asked()).unwrap().micros();
        assert_eq!(open.reserved.unwrap().micros(), 20_000 + 2 * each);
        assert_eq!(open.to_reopen(&shots), Err(NotReopened::Running));
        // It ends as if everything had been made at once.
        let made = [shots[0].clone(), tests::stored(tests::CENT), tests::stored(tests::CENT)];
        let done = open.finish(&made, &Verified::default(), tests::at(80)).unwrap();
        assert_eq!(
            done.ending(),
            Some(&Ending { at: tests::at(80), cost: Some(Usd::from_micros(30_000)), beyond: Usd::ZERO })
        );
        assert_eq!(done.to_reopen(&made), Err(NotReopened::Complete));
    }

    #[test]
    fn what_only_does_not_match_is_not_tried_again() {
        let shots = [tests::stored(tests::CENT)];
        let ending = Ending { at: tests::at(60), cost: tests::CENT, beyond: Usd::ZERO };
        let failure = Failure::new(FailureCode::Inconsistent, "1 of 12 angles do not match");
        let partial = Job { state: JobState::Partial(ending, failure), ..tests::job(1) };
        assert_eq!(partial.to_reopen(&shots), Err(NotReopened::NothingMissing));
    }
}
