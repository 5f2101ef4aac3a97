//! What follows from asking fal about a shot. Pure; `poll_provider.rs` asks, and does it.
//!
//! `fal::Says` has what an answer says about the request; here is for how long it is asked. A callback is part of the
//! answer: what it said is kept with the shot until the result was asked for, so that both lead to the same.

use jiff::{SignedDuration, Timestamp};

use crate::{
    config::Patience,
    fal::{FalError, FalErrorKind, NoAnswer, Says},
};
use likeness_domain::shot::{Arrival, Delivery, Shot, ShotState, Told};

/// So many answers of one sort, whatever time has passed: the machine may have slept between two.
const LEAST_ANSWERS: u32 = 3;

/// What was heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// fal still has it.
    Unfinished,
    /// Its images.
    Images(Delivery),
    /// No status.
    NoStatus(NoAnswer),
    /// It is over, and this came instead of a result; where the status named a failure, that too.
    NoResult(NoAnswer, Option<FalError>),
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Follows {
    /// It came to something.
    Record(Arrival),
    /// It is asked again.
    Running,
    /// It takes longer than it is given: fal is asked to drop it, and then what became of it.
    TooLate,
    /// It is asked again, and counted; `doubt` where something was said.
    Unanswered { doubt: bool },
}

/// What follows for `shot`, which is at fal, from what was `heard` at `now`.
pub(crate) fn follows(shot: &Shot, heard: Heard, patience: Patience, now: Timestamp) -> Follows {
    let ShotState::Submitted { told, .. } = &shot.state else { return Follows::Running };
    match (heard, told.as_deref()) {
        (Heard::Images(delivery), _) => Follows::Record(Arrival::Images(delivery)),
        // The callback had the images; what the result has beyond them is the bill, which is not worth a wait.
        (_, Some(Told::Images(delivery))) => Follows::Record(Arrival::Images(delivery.clone())),
        (Heard::Unfinished, _) => unfinished(shot, patience, now),
        (Heard::NoStatus(said), _) => match said.says {
            Says::Doubt if lasts(shot, true, patience.window(), now) => Follows::Record(Arrival::Silence),
            Says::Doubt => Follows::Unanswered { doubt: true },
            Says::Nothing | Says::Answer | Says::Outcome | Says::Closed | Says::Perhaps => nothing(shot, patience, now),
        },
        (Heard::NoResult(said, failure), told) => {
            let told = match told {
                Some(Told::Failed(error)) => Some(error.clone()),
                Some(Told::Images(_)) | None => failure,
            };
            no_result(shot, said, told, patience, now)
        }
    }
}

fn no_result(shot: &Shot, said: NoAnswer, told: Option<FalError>, patience: Patience, now: Timestamp) -> Follows {
    match said.says {
        Says::Outcome => Follows::Record(Arrival::Error(said.error.or_told(told))),
        Says::Doubt if lasts(shot, true, patience.window(), now) => {
            Follows::Record(Arrival::Error(told.unwrap_or(said.error)))
        }
        Says::Doubt => Follows::Unanswered { doubt: true },
        Says::Nothing | Says::Answer | Says::Closed | Says::Perhaps => nothing(shot, patience, now),
    }
}

/// One that was dropped for being late, or called off, and still runs a generation's time later, is left to itself.
fn unfinished(shot: &Shot, patience: Patience, now: Timestamp) -> Follows {
    let Some(started_at) = shot.attempts.last().map(|attempt| attempt.started_at) else { return Follows::Running };
    if started_at + patience.window() > now {
        return Follows::Running;
    }
    let was_asked_to_drop_it = shot.in_flight().is_some_and(|in_flight| in_flight.cancel_at_provider.fal_was_asked());
    if was_asked_to_drop_it && started_at + patience.window() + patience.generation <= now {
        let late = FalError::new(FalErrorKind::TimedOut, "fal took longer than it is given");
        return Follows::Record(Arrival::Abandoned(late));
    }
    Follows::TooLate
}

/// fal is away, as far as can be told. A called-off request is waited for no longer than a request lasts.
fn nothing(shot: &Shot, patience: Patience, now: Timestamp) -> Follows {
    let limit = if shot.is_cancel_requested() { patience.window() } else { patience.outage };
    if lasts(shot, false, limit, now) {
        let away = FalError::new(FalErrorKind::Unreachable, "fal could not be asked what became of this request");
        return Follows::Record(Arrival::Abandoned(away));
    }
    Follows::Unanswered { doubt: false }
}

/// Whether this answer ends a run of its sort that has lasted for `limit`.
fn lasts(shot: &Shot, doubt: bool, limit: SignedDuration, now: Timestamp) -> bool {
    let ShotState::Submitted { unclear: Some(run), .. } = &shot.state else { return false };
    run.doubt == doubt && run.since + limit <= now && run.times + 1 >= LEAST_ANSWERS
}

#[cfg(test)]
mod tests {
    use super::*;
    use likeness_domain::{
        id::JobId,
        lane::Lane,
        recipe::Recipe,
        rng::Rng,
        shot::{CancelAtProvider, FalRequest, GeneratedImage, ProviderRequest, Rank},
    };

    const PATIENCE: Patience = Patience {
        start: SignedDuration::from_secs(120),
        generation: SignedDuration::from_secs(60),
        check: SignedDuration::from_secs(60),
        outage: SignedDuration::from_hours(6),
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn recipe() -> Recipe {
        let recipe = serde_json::json!({
            "model": "flux-dev", "template": "master-character@1", "prompt": "a keeper", "seed": 7, "images": 1,
            "width": 1024, "height": 1024, "steps": 50, "outputFormat": "png"
        });
        serde_json::from_value(recipe).unwrap()
    }

    fn submitted() -> Shot {
        let id = JobId::new(at(0), &Rng::seeded(1)).shot(0);
        let rank = Rank { priority: 0, turn: 7 };
        let in_flight = ProviderRequest { slot: 3, lease_until: at(185), cancel_at_provider: CancelAtProvider::No };
        let shot = Shot::new(id, "isle".parse().unwrap(), Lane::Master, rank, recipe());
        let shot = shot.claim(in_flight, "nonce".to_owned(), at(0)).unwrap();
        shot.accepted(1, FalRequest::documented("r-1", "fal-ai/flux/dev".to_owned()), at(60)).unwrap()
    }

    fn error(kind: FalErrorKind) -> FalError {
        FalError::new(kind, "no")
    }

    fn no_answer(says: Says, kind: FalErrorKind) -> NoAnswer {
        NoAnswer { says, error: error(kind) }
    }

    fn delivery() -> Delivery {
        Delivery {
            request_id: "r-1".to_owned(),
            images: vec![GeneratedImage { url: "https://v3.fal.media/a.png".to_owned(), flagged: false }],
            seed: None,
            billable_units: None,
            provider_retried: false,
            surplus: 0,
        }
    }

    /// Asked every `pace` seconds and always answered so: what comes of it, and after how many seconds.
    fn ends(mut shot: Shot, heard: &Heard, pace: i64) -> (Arrival, i64) {
        for second in (0..100_000).step_by(usize::try_from(pace).unwrap()) {
            shot = match follows(&shot, heard.clone(), PATIENCE, at(second)) {
                Follows::Record(arrival) => return (arrival, second),
                Follows::Running => shot.still_running(at(second + pace)).unwrap(),
                Follows::TooLate => shot.too_late(at(second + pace)).unwrap(),
                Follows::Unanswered { doubt } => shot.unanswered(doubt, at(second), at(second + pace)).unwrap(),
            };
        }
        panic!("it is asked for ever");
    }

    #[test]
    fn a_doubt_ends_with_the_window_and_an_outage_with_the_patience_of_hours() {
        let unknown = Heard::NoStatus(no_answer(Says::Doubt, FalErrorKind::Garbled));
        assert_eq!(ends(submitted(), &unknown, 60), (Arrival::Silence, 240));
        let unreadable = Heard::NoResult(no_answer(Says::Doubt, FalErrorKind::Garbled), None);
        assert_eq!(ends(submitted(), &unreadable, 60), (Arrival::Error(error(FalErrorKind::Garbled)), 240));
        for away in [
            Heard::NoStatus(no_answer(Says::Nothing, FalErrorKind::Internal)),
            Heard::NoResult(no_answer(Says::Nothing, FalErrorKind::Internal), None),
        ] {
            let (arrival, after) = ends(submitted(), &away, 60);
            assert!(matches!(arrival, Arrival::Abandoned(error) if error.kind == FalErrorKind::Unreachable));
            assert_eq!(after, 6 * 3600);
        }
    }

    #[test]
    fn a_single_odd_answer_after_an_outage_is_no_verdict() {
        let away = submitted().unanswered(false, at(0), at(60)).unwrap();
        let unknown = Heard::NoStatus(no_answer(Says::Doubt, FalErrorKind::Garbled));
        assert_eq!(follows(&away, unknown.clone(), PATIENCE, at(3000)), Follows::Unanswered { doubt: true });
        // Nor are two with a long sleep between them.
        let doubted = submitted().unanswered(true, at(0), at(60)).unwrap();
        assert_eq!(follows(&doubted, unknown, PATIENCE, at(3000)), Follows::Unanswered { doubt: true });
    }

    #[test]
    fn what_fal_told_elsewhere_is_the_outcome_with_the_bill_of_the_result() {
        let told = Some(error(FalErrorKind::Unavailable));
        let mut answer = no_answer(Says::Outcome, FalErrorKind::Internal);
        answer.error.reason = "no type given".to_owned();
        answer.error.billable_units = Some(1.0);
        let Follows::Record(Arrival::Error(both)) =
            follows(&submitted(), Heard::NoResult(answer, told), PATIENCE, at(1))
        else {
            panic!("it is an outcome")
        };
        assert_eq!((both.kind, both.billable_units), (FalErrorKind::Unavailable, Some(1.0)));
    }

    #[test]
    fn images_of_a_callback_wait_for_nothing() {
        let told = Some(Told::Images(delivery()));
        let shot = submitted().to_be_fetched(1, "r-1", told, at(1)).unwrap();
        for heard in [
            Heard::Unfinished,
            Heard::NoStatus(no_answer(Says::Nothing, FalErrorKind::Internal)),
            Heard::NoResult(no_answer(Says::Doubt, FalErrorKind::Internal), None),
        ] {
            assert_eq!(follows(&shot, heard, PATIENCE, at(1)), Follows::Record(Arrival::Images(delivery())));
        }
    }

    #[test]
    fn what_takes_too_long_is_dropped_first_and_left_only_if_fal_goes_on_with_it() {
        let shot = submitted();
        assert_eq!(follows(&shot, Heard::Unfinished, PATIENCE, at(184)), Follows::Running);
        assert_eq!(follows(&shot, Heard::Unfinished, PATIENCE, at(185)), Follows::TooLate);
        let asked = shot.too_late(at(188)).unwrap();
        assert_eq!(follows(&asked, Heard::Unfinished, PATIENCE, at(244)), Follows::TooLate);
        let Follows::Record(arrival) = follows(&asked, Heard::Unfinished, PATIENCE, at(245)) else { panic!() };
        let (left, after_arrival) =
            asked.arrived(1, arrival, 0.0, &likeness_domain::prompt::Wording::default(), at(245)).unwrap();
        assert!(
            matches!(after_arrival, likeness_domain::shot::AfterArrival::Retrying(_)),
            "it is tried with fewer steps"
        );
        assert!(left.attempts[0].left_at_fal, "its slot stays taken");
    }

    #[test]
    fn what_was_called_off_waits_for_an_outage_no_longer_than_a_request_lasts() {
        let off = submitted().cancel_requested(at(0)).unwrap();
        let away = Heard::NoStatus(no_answer(Says::Nothing, FalErrorKind::Unreachable));
        let (arrival, after) = ends(off, &away, 60);
        assert!(matches!(arrival, Arrival::Abandoned(_)) && after == 240, "{arrival:?} after {after}");
    }
}
