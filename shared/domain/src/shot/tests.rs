//! The state machine of a shot: the ways through it, what may come late, twice or never, and what that costs.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::{
    failure::FailureCode,
    fal_error::{FalError, FalErrorKind},
    id::{JobId, MediaId},
    model::Model,
    prompt::Wording,
    recipe,
    rng::Rng,
};

/// What one image of 1024 x 1024 costs from flux-dev, by the table.
const DEV: Usd = Usd::from_micros(25_000);
const NO_JITTER: f64 = 0.0;

fn at(second: i64) -> Timestamp {
    "2026-11-21T07:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

fn recipe(model: &str) -> Recipe {
    Recipe { guidance: Some(3.5), ..recipe::tests::recipe(model) }
}

fn waiting() -> Shot {
    let id = JobId::new(at(0), &Rng::seeded(1)).shot(0);
    Shot::new(id, "isle".parse().unwrap(), Lane::Master, Rank { priority: 0, turn: 7 }, recipe("flux-dev"))
}

fn in_flight() -> ProviderRequest {
    ProviderRequest { slot: 3, lease_until: at(60), cancel_at_provider: CancelAtProvider::No }
}

fn request(id: &str) -> FalRequest {
    let url = |end: &str| format!("https://queue.fal.run/fal-ai/flux/requests/{id}{end}").parse().ok();
    FalRequest {
        id: id.to_owned(),
        endpoint: "fal-ai/flux/dev".to_owned(),
        status_url: url("/status"),
        response_url: url(""),
        cancel_url: url("/cancel"),
    }
}

fn delivery(request_id: &str) -> Delivery {
    Delivery {
        request_id: request_id.to_owned(),
        images: vec![GeneratedImage { url: "https://v3.fal.media/files/a.png".to_owned(), flagged: false }],
        seed: Some(u64::MAX),
        billable_units: None,
        provider_retried: false,
        surplus: 0,
    }
}

fn images(request_id: &str) -> Arrival {
    Arrival::Images(delivery(request_id))
}

fn error(kind: FalErrorKind) -> Arrival {
    Arrival::Error(FalError::new(kind, "no"))
}

fn media() -> Vec<MediaId> {
    vec![waiting().id.media(0)]
}

fn refusal() -> Failure {
    Failure::new(FailureCode::ContentRefused, "flagged")
}

/// Short forms for tests about something else than the arguments.
impl Shot {
    fn claimed(self) -> Self {
        let nonce = format!("nonce-{}", self.attempt() + 1);
        self.claim(in_flight(), nonce, at(0)).unwrap()
    }

    fn submitted(self) -> Self {
        let attempt = self.attempt();
        self.accepted(attempt, request(&format!("r{attempt}")), at(90)).unwrap()
    }

    fn came(self, arrival: Arrival) -> Self {
        let attempt = self.attempt();
        self.arrived(attempt, arrival, NO_JITTER, &Wording::default(), at(10)).unwrap().0
    }

    fn lost(self) -> Self {
        self.claimed().came(Arrival::Silence)
    }

    /// Lost so often that nothing more is tried, whatever the pauses.
    fn all_lost(self) -> Self {
        let mut shot = self;
        while shot.failure().is_none() {
            shot.state = ShotState::Waiting { not_before: None };
            shot = shot.lost();
        }
        shot
    }

    fn off(self) -> Self {
        self.cancel_requested(at(20)).unwrap()
    }

    fn tried(&self, attempt: u32) -> &Attempt {
        self.attempts.iter().find(|tried| tried.number == attempt).unwrap()
    }
}

fn delivered() -> Shot {
    waiting().claimed().submitted().came(images("r1"))
}

fn canceled() -> Shot {
    Shot { state: ShotState::Canceled, ..waiting() }
}

/// A shot in every state, and in those histories that change what may come.
fn one_of_each() -> Vec<(&'static str, Shot)> {
    vec![
        ("waiting", waiting()),
        ("waiting, pausing", waiting().claimed().came(error(FalErrorKind::Internal))),
        ("waiting, 1 lost", waiting().lost()),
        ("submitting", waiting().claimed()),
        ("submitting, 1 lost", waiting().lost().claimed()),
        ("submitted", waiting().claimed().submitted()),
        ("submitted, 1 lost", waiting().lost().claimed().submitted()),
        ("submitting, off", waiting().claimed().off()),
        ("submitted, off", waiting().claimed().submitted().off()),
        ("submitted, asked", waiting().claimed().submitted().off().provider_cancel_asked(at(23)).unwrap()),
        ("delivered", delivered()),
        ("delivered, 1 lost", waiting().lost().claimed().came(images("r2"))),
        ("stored", delivered().stored(media(), None).unwrap()),
        ("failed", waiting().claimed().came(error(FalErrorKind::InvalidInput))),
        ("failed, all lost", waiting().all_lost()),
        ("failed, unusable", delivered().unusable(refusal()).unwrap()),
        ("canceled", canceled()),
    ]
}

type Transition = (&'static str, fn(Shot, u32) -> Result<Shot, Illegal>);

/// Every transition; those that speak of an attempt do of the given one.
const TRANSITIONS: &[Transition] = &[
    ("claim", |shot, _| shot.claim(in_flight(), "nonce".to_owned(), at(0))),
    ("ready", |shot, _| shot.ready(at(3600))),
    ("accepted", |shot, attempt| shot.accepted(attempt, request("r1"), at(90))),
    ("running", |shot, _| shot.still_running(at(120))),
    ("fetch", |shot, attempt| shot.to_be_fetched(attempt, "r1", None, at(10))),
    ("images", |shot, attempt| {
        shot.arrived(attempt, images("r1"), NO_JITTER, &Wording::default(), at(10)).map(|(shot, _)| shot)
    }),
    ("error", |shot, attempt| {
        shot.arrived(attempt, error(FalErrorKind::TimedOut), NO_JITTER, &Wording::default(), at(10))
            .map(|(shot, _)| shot)
    }),
    ("silence", |shot, attempt| {
        shot.arrived(attempt, Arrival::Silence, NO_JITTER, &Wording::default(), at(10)).map(|(shot, _)| shot)
    }),
    ("late", |shot, attempt| shot.arrived_late(attempt, &delivery("r1"))),
    ("reminded", |shot, _| shot.reminded(at(130))),
    ("stored", |shot, _| shot.stored(media(), None)),
    ("unusable", |shot, _| shot.unusable(refusal())),
    ("taken", |shot, _| shot.cancel_requested(at(20))),
    ("asked", |shot, _| shot.provider_cancel_asked(at(23))),
    ("reopened", |shot, _| shot.reopened(Rank { priority: 0, turn: 9 })),
];

/// One line for each state: what every transition makes of it for attempt `of(shot)`.
fn table(of: fn(&Shot) -> u32) -> String {
    let line = |cells: Vec<&str>, first: &str| {
        let cells: String = cells.into_iter().map(|cell| format!(" {cell:<10}")).collect();
        format!("{first:<18}{cells}").trim_end().to_owned()
    };
    let mut lines = vec![line(TRANSITIONS.iter().map(|(name, _)| *name).collect(), "")];
    for (name, shot) in one_of_each() {
        let cell = |(_, transition): &Transition| match transition(shot.clone(), of(&shot)) {
            Ok(next) => next.state.name(),
            Err(Illegal::State { state }) => {
                assert_eq!(state, shot.state.name());
                "-"
            }
            Err(Illegal::AlreadyDone) => "done",
            Err(Illegal::OtherAttempt { given, current }) => {
                assert_eq!((given, current), (of(&shot), shot.attempt()));
                "other"
            }
        };
        lines.push(line(TRANSITIONS.iter().map(cell).collect(), name));
    }
    lines.join("\n")
}

#[test]
fn every_transition_of_the_attempt_under_way_or_last() {
    // A name is the next state, `-` not possible here, `done` already done, `other` another attempt.
    insta::assert_snapshot!(table(Shot::attempt), @"
                       claim      ready      accepted   running    fetch      images     error      silence    late       reminded   stored     unusable   taken      asked      reopened
    waiting            submitting -          done       -          -          other      other      other      other      -          -          -          canceled   -          -
    waiting, pausing   -          waiting    done       -          -          delivered  done       done       waiting    -          -          -          canceled   -          -
    waiting, 1 lost    submitting -          done       -          -          delivered  done       done       waiting    -          -          -          canceled   -          -
    submitting         -          -          submitted  -          submitted  delivered  waiting    waiting    done       -          -          -          submitting -          -
    submitting, 1 lost -          -          submitted  -          submitted  delivered  waiting    waiting    done       -          -          -          submitting -          -
    submitted          -          -          done       submitted  submitted  delivered  waiting    waiting    done       -          -          -          submitted  -          -
    submitted, 1 lost  -          -          done       submitted  submitted  delivered  waiting    waiting    done       -          -          -          submitted  -          -
    submitting, off    -          -          submitted  -          submitted  delivered  canceled   canceled   done       -          -          -          done       -          -
    submitted, off     -          -          done       submitted  submitted  delivered  canceled   canceled   done       -          -          -          done       submitted  -
    submitted, asked   -          -          done       submitted  submitted  delivered  canceled   canceled   done       -          -          -          done       done       -
    delivered          -          -          done       -          -          done       done       done       done       delivered  stored     failed     -          -          -
    delivered, 1 lost  -          -          done       -          -          done       done       done       done       delivered  stored     failed     -          -          -
    stored             done       done       done       done       done       done       done       done       done       done       done       done       done       done       done
    failed             done       done       done       done       done       other      done       done       failed     done       done       done       done       done       waiting
    failed, all lost   done       done       done       done       done       other      done       done       failed     done       done       done       done       done       waiting
    failed, unusable   done       done       done       done       done       done       done       done       done       done       done       done       done       done       waiting
    canceled           done       done       done       done       done       other      other      other      other      done       done       done       done       done       waiting
    ");
}

#[test]
fn every_transition_of_the_first_attempt_where_a_second_may_be_under_way() {
    insta::assert_snapshot!(table(|_| 1), @"
                       claim      ready      accepted   running    fetch      images     error      silence    late       reminded   stored     unusable   taken      asked      reopened
    waiting            submitting -          other      -          other      other      other      other      other      -          -          -          canceled   -          -
    waiting, pausing   -          waiting    done       -          -          delivered  done       done       waiting    -          -          -          canceled   -          -
    waiting, 1 lost    submitting -          done       -          -          delivered  done       done       waiting    -          -          -          canceled   -          -
    submitting         -          -          submitted  -          submitted  delivered  waiting    waiting    done       -          -          -          submitting -          -
    submitting, 1 lost -          -          other      -          other      other      other      other      submitting -          -          -          submitting -          -
    submitted          -          -          done       submitted  submitted  delivered  waiting    waiting    done       -          -          -          submitted  -          -
    submitted, 1 lost  -          -          other      submitted  other      other      other      other      submitted  -          -          -          submitted  -          -
    submitting, off    -          -          submitted  -          submitted  delivered  canceled   canceled   done       -          -          -          done       -          -
    submitted, off     -          -          done       submitted  submitted  delivered  canceled   canceled   done       -          -          -          done       submitted  -
    submitted, asked   -          -          done       submitted  submitted  delivered  canceled   canceled   done       -          -          -          done       done       -
    delivered          -          -          done       -          -          done       done       done       done       delivered  stored     failed     -          -          -
    delivered, 1 lost  -          -          other      -          other      other      other      other      delivered  delivered  stored     failed     -          -          -
    stored             done       done       done       done       done       done       done       done       done       done       done       done       done       done       done
    failed             done       done       done       done       done       other      done       done       failed     done       done       done       done       done       waiting
    failed, all lost   done       done       other      done       other      other      other      other      failed     done       done       done       done       done       waiting
    failed, unusable   done       done       done       done       done       done       done       done       done       done       done       done       done       done       waiting
    canceled           done       done       other      done       other      other      other      other      other      done       done       done       done       done       waiting
    ");
}

#[test]
fn an_attempt_that_never_was_changes_nothing() {
    for (name, shot) in one_of_each() {
        for attempt in [0, 99] {
            for arrival in [images("r1"), error(FalErrorKind::Internal), Arrival::Silence] {
                let expected = Illegal::OtherAttempt { given: attempt, current: shot.attempt() };
                let refused =
                    shot.clone().arrived(attempt, arrival, NO_JITTER, &Wording::default(), at(10)).unwrap_err();
                assert_eq!(refused, expected, "{name} {attempt}");
                assert_eq!(shot.clone().arrived_late(attempt, &delivery("r1")), Err(expected), "{name} {attempt}");
            }
            assert!(shot.clone().accepted(attempt, request("r1"), at(90)).is_err(), "{name} {attempt}");
            assert!(shot.clone().to_be_fetched(attempt, "r1", None, at(10)).is_err(), "{name} {attempt}");
        }
    }
}

/// What holds in whatever way a shot got where it is.
fn check(shot: &Shot) {
    let numbers: Vec<u32> = shot.attempts.iter().map(|tried| tried.number).collect();
    assert_eq!(numbers, (1..=shot.attempt()).collect::<Vec<_>>());
    let under_way: Vec<u32> = shot
        .attempts
        .iter()
        .filter(|tried| tried.outcome == AttemptOutcome::UnderWay)
        .map(|tried| tried.number)
        .collect();
    let in_flight = shot.in_flight().map(|_| shot.attempt());
    assert_eq!(under_way, in_flight.into_iter().collect::<Vec<_>>(), "{shot:?}");
    let delivered = shot.attempts.iter().filter(|tried| tried.outcome == AttemptOutcome::Delivered).count();
    match shot.state {
        ShotState::Delivered { .. } | ShotState::Stored { .. } => assert_eq!(delivered, 1, "{shot:?}"),
        ShotState::Failed(_) => assert!(delivered <= 1, "{shot:?}"),
        ShotState::Waiting { .. } | ShotState::Submitting(_) | ShotState::Submitted { .. } | ShotState::Canceled => {
            assert_eq!(delivered, 0, "{shot:?}");
        }
    }
    assert_eq!(shot.is_settled(), shot.progress() == 100);
    assert_eq!(shot.failure().is_some(), matches!(shot.state, ShotState::Failed(_)));
}

#[test]
fn no_sequence_of_transitions_panics_or_breaks_the_record() {
    let (mut seen, mut reached) = (HashSet::new(), vec![waiting()]);
    while let Some(shot) = reached.pop() {
        check(&shot);
        let attempts = [0, 1, 2, 99].into_iter().chain([shot.attempt()]);
        let steps = attempts.flat_map(|attempt| TRANSITIONS.iter().map(move |(_, step)| (step, attempt)));
        for next in steps.filter_map(|(step, attempt)| step(shot.clone(), attempt).ok()) {
            // Three attempts show every relation of an older, a later and the last one.
            // A reminder changes nothing but its count.
            let once = !matches!(&next.state, ShotState::Delivered { reminders, .. } if *reminders > 1);
            if next.attempt() <= 3 && once && seen.insert(serde_json::to_string(&next).unwrap()) {
                reached.push(next);
            }
        }
    }
    assert!(seen.len() > 100, "only {} reached", seen.len());
}

#[test]
fn from_waiting_to_stored() {
    let shot = waiting();
    assert_eq!((shot.attempt(), shot.in_flight(), shot.work()), (0, None, Work::Ready(shot.rank)));

    let shot = shot.claim(in_flight(), "nonce-1".to_owned(), at(5)).unwrap();
    assert_eq!(shot.state, ShotState::Submitting(in_flight()));
    let tried = shot.tried(1);
    assert_eq!((tried.nonce.as_str(), tried.started_at, &tried.recipe), ("nonce-1", at(5), &shot.recipe));
    assert_eq!((tried.request_id.as_deref(), tried.provider_cost), (None, Some(Usd::ZERO)));

    let shot = shot.accepted(1, request("r1"), at(90)).unwrap();
    assert_eq!(shot.tried(1).request_id.as_deref(), Some("r1"));
    // The slot is kept until the reconciler has asked, so that it does not free itself under a running request.
    assert_eq!(shot.in_flight(), Some(&ProviderRequest { lease_until: at(90), ..in_flight() }));
    let shot = shot.still_running(at(120)).unwrap();
    assert_eq!((shot.in_flight().unwrap().lease_until, shot.work()), (at(120), Work::Due(at(120))));

    let (shot, after_arrival) = shot.arrived(1, images("r1"), NO_JITTER, &Wording::default(), at(100)).unwrap();
    assert_eq!(after_arrival, AfterArrival::Delivered);
    assert_eq!(shot.state, ShotState::Delivered { delivery: delivery("r1"), check_at: at(220), reminders: 0 });
    assert_eq!((shot.in_flight(), &shot.tried(1).outcome), (None, &AttemptOutcome::Delivered));
    let shot = shot.reminded(at(230)).unwrap();
    assert_eq!(shot.work(), Work::Due(at(350)));

    let shot = shot.stored(media(), None).unwrap();
    assert_eq!(shot.state, ShotState::Stored { media: media() });
    assert_eq!(shot.charge(), Some(DEV));
}

#[test]
fn a_lease_is_never_shortened() {
    let shot = waiting().claimed().accepted(1, request("r1"), at(30)).unwrap();
    assert_eq!((shot.in_flight().unwrap().lease_until, shot.work()), (at(60), Work::Due(at(30))));
    let shot = shot.still_running(at(45)).unwrap();
    assert_eq!((shot.in_flight().unwrap().lease_until, shot.work()), (at(60), Work::Due(at(45))));
}

#[test]
fn a_result_that_fal_could_not_send_is_fetched_at_once() {
    for shot in [waiting().claimed(), waiting().claimed().submitted()] {
        let known = matches!(shot.state, ShotState::Submitted { .. });
        let shot = shot.to_be_fetched(1, "r1", None, at(10)).unwrap();
        assert_eq!((shot.work(), shot.tried(1).request_id.as_deref()), (Work::Due(at(10)), Some("r1")));
        let ShotState::Submitted { request: kept, .. } = &shot.state else { panic!("{shot:?}") };
        let documented = FalRequest::documented("r1", "fal-ai/flux/dev".to_owned());
        assert_eq!(**kept, if known { request("r1") } else { documented });
    }
}

#[test]
fn what_is_to_be_fetched_is_not_asked_for_again() {
    let shot = waiting().claimed().submitted().to_be_fetched(1, "r1", None, at(10)).unwrap();
    assert_eq!(shot.clone().to_be_fetched(1, "r1", None, at(10)), Err(Illegal::AlreadyDone));
    assert_eq!(shot.to_be_fetched(1, "r1", None, at(20)), Err(Illegal::AlreadyDone));
}

fn turned_away(kind: FalErrorKind, after: SignedDuration) -> Arrival {
    Arrival::TurnedAway { error: FalError::new(kind, "no"), after, patience: SignedDuration::from_hours(6) }
}

#[test]
fn who_is_turned_away_with_all_others_waits_for_hours_and_not_for_a_number_of_tries() {
    let (mut shot, mut now, mut tries) = (waiting(), at(0), 0);
    while shot.failure().is_none() {
        shot = shot.claim(in_flight(), format!("nonce-{tries}"), now).unwrap();
        let arrival = turned_away(FalErrorKind::Internal, SignedDuration::from_secs(20));
        let attempt = shot.attempt();
        (shot, _) = shot.arrived(attempt, arrival, NO_JITTER, &Wording::default(), now).unwrap();
        assert_eq!((shot.in_flight(), shot.charge()), (None, Some(Usd::ZERO)));
        tries += 1;
        if let ShotState::Waiting { not_before } = shot.state {
            let end = not_before.expect("it does not find out at once again");
            assert!(end >= now + SignedDuration::from_secs(20), "not before the lanes open");
            now = end;
        }
        assert!(shot.attempts.len() <= 9, "its record does not grow with the outage");
    }
    assert!(now >= at(6 * 3600) && tries > 100, "{tries} tries until {now}");
    assert_eq!(shot.failure().unwrap().code, FailureCode::ProviderError);
    assert!(serde_json::to_vec(&shot).unwrap().len() < 10_000);
    // The count begins anew with each request that fal takes, and so does the patience.
    let taken = waiting().claimed().came(turned_away(FalErrorKind::RateLimited, SignedDuration::ZERO));
    assert!(taken.held_up.is_some());
    let taken = taken.ready(at(3600)).unwrap().claimed();
    let taken = taken.accepted(2, request("r2"), at(90)).unwrap();
    assert_eq!((taken.held_up, taken.attempts.len()), (None, 2));
    // All its tries are left to it.
    let failing = (0..4).fold(taken, |shot, _| {
        let mut shot = shot.came(error(FalErrorKind::Internal));
        if shot.failure().is_none() {
            shot.state = ShotState::Waiting { not_before: None };
            shot = shot.claimed();
        }
        shot
    });
    assert_eq!(failing.failure().unwrap().code, FailureCode::ProviderError);
}

#[test]
fn a_picture_of_an_attempt_that_was_turned_away_is_welcome_too() {
    let shot = waiting().claimed().came(turned_away(FalErrorKind::Internal, SignedDuration::ZERO));
    let adopted = shot.clone().arrived(1, images("r1"), NO_JITTER, &Wording::default(), at(11)).unwrap().0;
    assert_eq!((adopted.state.name(), adopted.charge(), adopted.held_up), ("delivered", Some(DEV), None));
    let late = shot.ready(at(3600)).unwrap().claimed().arrived_late(1, &delivery("r1")).unwrap();
    assert_eq!((late.charge(), late.paid_in_vain()), (Some(Usd::ZERO), Some(DEV)));
}

#[test]
fn what_was_asked_for_is_kept_and_charged_and_what_came_beyond_it_is_said() {
    let three = |units| {
        let image = delivery("r1").images[0].clone();
        let delivery = Delivery { images: vec![image; 3], billable_units: units, ..delivery("r1") };
        waiting().claimed().came(Arrival::Images(delivery)).stored(media(), None).unwrap()
    };
    for (units, billed) in [(None, 75_000), (Some(3.0), 75_000), (Some(1.0), 25_000), (Some(0.5), 12_500)] {
        let shot = three(units);
        let tried = shot.tried(1);
        assert_eq!((tried.surplus, tried.provider_cost), (2, Some(Usd::from_micros(billed))), "what fal bills");
        assert_eq!(shot.charge(), Some(Usd::from_micros(billed.min(25_000))), "never more than was reserved");
        let record = serde_json::to_value(&shot).unwrap();
        assert_eq!(serde_json::from_value::<Shot>(record).unwrap(), shot);
    }
}

#[test]
fn what_was_dropped_for_being_late_is_tried_otherwise_and_what_was_taken_back_is_not() {
    let late = waiting().claimed().submitted().too_late(at(13)).unwrap();
    assert_eq!(
        (late.in_flight().unwrap().cancel_at_provider, late.is_cancel_requested()),
        (CancelAtProvider::Late, false)
    );
    let relieved = late.clone().came(error(FalErrorKind::Cancelled));
    assert_eq!(relieved.tried(1).outcome, AttemptOutcome::Rejected(FalErrorKind::TimedOut));
    assert_eq!(relieved.recipe.steps, Some(33));
    assert_eq!(late.clone().came(images("r1")).state.name(), "delivered");
    assert_eq!(late.off().came(error(FalErrorKind::Cancelled)).state, ShotState::Canceled);
    let off = waiting().claimed().submitted().off().provider_cancel_asked(at(13)).unwrap();
    assert!(off.too_late(at(20)).unwrap().is_cancel_requested());
}

#[test]
fn a_slot_is_held_for_as_long_as_fal_keeps_requests() {
    let shot = waiting().claimed();
    assert_eq!((shot.work(), shot.slot_lease()), (Work::Due(at(60)), Some(at(3600))));
    assert_eq!(shot.submitted().still_running(at(120)).unwrap().slot_lease(), Some(at(3600)));
    let left = waiting().claimed().submitted().came(Arrival::Abandoned(FalError::new(FalErrorKind::TimedOut, "no")));
    assert!(left.tried(1).left_at_fal && left.state.name() == "waiting");
    // Nothing is known of one without an id.
    let unknown = waiting().claimed().came(Arrival::Abandoned(FalError::new(FalErrorKind::TimedOut, "no")));
    assert!(!unknown.tried(1).left_at_fal);
}

#[test]
fn each_state_has_its_work_progress_and_slot() {
    let mut rows = BTreeMap::new();
    for (name, shot) in one_of_each() {
        rows.insert(name, (shot.work(), shot.progress(), shot.in_flight().is_some(), shot.is_settled()));
    }
    let ready = Work::Ready(waiting().rank);
    let pause_ends = Work::Due(at(10) + SignedDuration::from_millis(500));
    let expected = [
        ("waiting", (ready, 0, false, false)),
        ("waiting, pausing", (pause_ends, 0, false, false)),
        ("waiting, 1 lost", (ready, 0, false, false)),
        ("submitting", (Work::Due(at(60)), 10, true, false)),
        ("submitting, 1 lost", (Work::Due(at(60)), 10, true, false)),
        ("submitted", (Work::Due(at(90)), 30, true, false)),
        ("submitted, 1 lost", (Work::Due(at(90)), 30, true, false)),
        ("submitting, off", (Work::Due(at(60)), 10, true, false)),
        ("submitted, off", (Work::Due(at(20)), 30, true, false)),
        ("submitted, asked", (Work::Due(at(23)), 30, true, false)),
        ("delivered", (Work::Due(at(130)), 80, false, false)),
        ("delivered, 1 lost", (Work::Due(at(130)), 80, false, false)),
        ("stored", (Work::None, 100, false, true)),
        ("failed", (Work::None, 100, false, true)),
        ("failed, all lost", (Work::None, 100, false, true)),
        ("failed, unusable", (Work::None, 100, false, true)),
        ("canceled", (Work::None, 100, false, true)),
    ];
    assert_eq!(rows, BTreeMap::from(expected));
}

#[test]
fn a_callback_may_be_faster_than_the_answer_to_the_submit() {
    let (shot, after_arrival) =
        waiting().claimed().arrived(1, images("r1"), NO_JITTER, &Wording::default(), at(1)).unwrap();
    assert_eq!((after_arrival, shot.tried(1).request_id.as_deref()), (AfterArrival::Delivered, Some("r1")));
    assert_eq!(shot.clone().accepted(1, request("r1"), at(90)), Err(Illegal::AlreadyDone));
    let shot = shot.stored(media(), None).unwrap();
    assert_eq!(shot.accepted(1, request("r1"), at(90)), Err(Illegal::AlreadyDone));
}

#[test]
fn a_callback_that_comes_twice_counts_once() {
    for shot in [delivered(), delivered().stored(media(), None).unwrap(), delivered().unusable(refusal()).unwrap()] {
        for arrival in [images("r1"), error(FalErrorKind::Internal), Arrival::Silence] {
            let again = shot.clone().arrived(1, arrival, NO_JITTER, &Wording::default(), at(11)).unwrap_err();
            assert_eq!(again, Illegal::AlreadyDone);
        }
        assert_eq!(shot.arrived_late(1, &delivery("r1")), Err(Illegal::AlreadyDone));
    }
    let pausing = waiting().claimed().came(error(FalErrorKind::Internal));
    let again = pausing.arrived(1, error(FalErrorKind::Internal), NO_JITTER, &Wording::default(), at(11)).unwrap_err();
    assert_eq!(again, Illegal::AlreadyDone);
}

/// Each of these may have been paid.
#[test]
fn silence_is_tried_again_twice_at_once_and_then_with_growing_pauses() {
    let (mut shot, mut pauses) = (waiting(), Vec::new());
    loop {
        shot.state = ShotState::Waiting { not_before: None };
        let claimed = shot.claimed();
        let attempt = claimed.attempt();
        let (next, after_arrival) =
            claimed.arrived(attempt, Arrival::Silence, NO_JITTER, &Wording::default(), at(70)).unwrap();
        assert_eq!(next.tried(attempt).outcome, AttemptOutcome::Lost);
        shot = next;
        match after_arrival {
            AfterArrival::Retrying(pause) => pauses.push(pause.as_mins()),
            AfterArrival::Failed => break,
            AfterArrival::Delivered | AfterArrival::Canceled => panic!("{after_arrival:?}"),
        }
    }
    assert_eq!(pauses, [0, 0, 5, 15, 30, 60, 60]);
    assert_eq!((shot.failure().unwrap().code, shot.charge()), (FailureCode::SubmitLost, Some(Usd::ZERO)));
}

#[test]
fn what_was_given_up_is_welcome_while_nothing_was_sent_in_its_place() {
    let shot = waiting().lost();
    let (shot, after_arrival) = shot.arrived(1, images("r1"), NO_JITTER, &Wording::default(), at(80)).unwrap();
    assert_eq!((after_arrival, shot.attempts.len(), shot.charge()), (AfterArrival::Delivered, 1, Some(DEV)));
    assert_eq!((shot.tried(1).paid_twice, shot.tried(1).request_id.as_deref()), (false, Some("r1")));
}

/// The first attempt timed out at flux-dev with 50 steps, the second, with 33, too; then the first one's images come.
fn first_adopted_after_second() -> Shot {
    let shot = waiting().claimed().submitted().came(error(FalErrorKind::TimedOut)).ready(at(3600)).unwrap();
    assert_eq!(shot.recipe.steps, Some(33));
    let shot = shot.claimed().submitted().came(error(FalErrorKind::TimedOut));
    assert_eq!(shot.recipe.steps, Some(22));
    let (shot, after_arrival) = shot.arrived(1, images("r1"), NO_JITTER, &Wording::default(), at(80)).unwrap();
    assert_eq!(after_arrival, AfterArrival::Delivered);
    shot
}

#[test]
fn an_older_attempt_is_adopted_with_its_own_recipe_and_money() {
    let shot = first_adopted_after_second();
    assert_eq!((shot.recipe.steps, shot.recipe == shot.tried(1).recipe), (Some(50), true));
    let costs: Vec<_> = shot.attempts.iter().map(|tried| tried.provider_cost).collect();
    assert_eq!(costs, [Some(DEV), Some(Usd::ZERO)]);
    assert_eq!((&shot.tried(1).outcome, shot.charge()), (&AttemptOutcome::Delivered, Some(DEV)));
    // By the price of the model that made it, not of the one that would have come next.
    let shot = waiting().lost();
    let shot = Shot { recipe: shot.recipe.on(Model::by_id("flux-schnell").unwrap()), ..shot };
    let (shot, _) = shot.arrived(1, images("r1"), NO_JITTER, &Wording::default(), at(80)).unwrap();
    assert_eq!((shot.recipe.model.as_str(), shot.charge()), ("flux-dev", Some(DEV)));
}

#[test]
fn a_refused_picture_of_an_adopted_attempt_is_not_charged() {
    let shot = first_adopted_after_second().unusable(refusal()).unwrap();
    assert_eq!(shot.tried(1).outcome, AttemptOutcome::Unusable(FailureCode::ContentRefused));
    assert_eq!(shot.tried(2).outcome, AttemptOutcome::Rejected(FalErrorKind::TimedOut));
    assert_eq!((shot.tried(1).provider_cost, shot.charge()), (Some(DEV), Some(Usd::ZERO)));
}

#[test]
fn the_second_attempt_is_seen_when_it_comes_after_the_first_was_adopted() {
    let adopted = first_adopted_after_second();
    for shot in [adopted.clone(), adopted.clone().stored(media(), None).unwrap(), adopted.unusable(refusal()).unwrap()]
    {
        let (state, before) = (shot.state.clone(), shot.charge().unwrap());
        let late = shot.clone().arrived(2, images("r2"), NO_JITTER, &Wording::default(), at(90)).unwrap_err();
        assert_eq!(late, Illegal::OtherAttempt { given: 2, current: 2 });
        let shot = shot.arrived_late(2, &delivery("r2")).unwrap();
        assert_eq!((&shot.state, shot.attempts[1].paid_twice), (&state, true));
        assert_eq!(
            (shot.tried(2).provider_cost, shot.charge()),
            (Some(DEV), Some(before)),
            "seen, and not the caller's"
        );
    }
}

#[test]
fn what_comes_for_a_shot_that_was_taken_back_is_seen() {
    let shot = waiting().lost().cancel_requested(at(20)).unwrap();
    let late = shot.clone().arrived(1, images("r1"), NO_JITTER, &Wording::default(), at(90)).unwrap_err();
    assert_eq!(late, Illegal::OtherAttempt { given: 1, current: 1 });
    let shot = shot.arrived_late(1, &delivery("r1")).unwrap();
    assert_eq!((&shot.state, shot.tried(1).paid_twice, shot.charge()), (&ShotState::Canceled, true, Some(Usd::ZERO)));
}

#[test]
fn what_is_taken_back_in_flight_is_called_off_and_no_error_sends_it_again() {
    let submitting = waiting().claimed().off();
    assert_eq!(submitting.in_flight().unwrap().cancel_at_provider, CancelAtProvider::Due);
    assert_eq!(
        submitting.clone().provider_cancel_asked(at(23)),
        Err(Illegal::State { state: "submitting" }),
        "it has no id yet"
    );
    assert_eq!(submitting.clone().cancel_requested(at(21)), Err(Illegal::AlreadyDone));
    // Its id becomes known: by the answer, or by a callback.
    let known = submitting.clone().submitted();
    assert_eq!(known.in_flight().unwrap().cancel_at_provider, CancelAtProvider::Due);
    assert!(submitting.clone().to_be_fetched(1, "r1", None, at(22)).unwrap().is_cancel_requested());

    let submitted = waiting().claimed().submitted().off();
    assert_eq!(submitted.work(), Work::Due(at(20)), "the reconciler asks fal where nobody does");
    let asked = submitted.clone().provider_cancel_asked(at(99)).unwrap();
    assert_eq!(
        (asked.in_flight().unwrap().cancel_at_provider, asked.in_flight().unwrap().lease_until),
        (CancelAtProvider::Asked, at(99))
    );
    assert_eq!(
        (asked.work(), asked.clone().provider_cancel_asked(at(99))),
        (Work::Due(at(99)), Err(Illegal::AlreadyDone))
    );
    assert!(asked.clone().still_running(at(120)).unwrap().is_cancel_requested());

    for shot in [submitting, known, submitted, asked] {
        let end = |arrival| shot.clone().arrived(1, arrival, NO_JITTER, &Wording::default(), at(30)).unwrap();
        for kind in [FalErrorKind::Cancelled, FalErrorKind::RateLimited, FalErrorKind::ContentPolicy] {
            let (ended, after_arrival) = end(error(kind));
            assert_eq!((&ended.state, after_arrival), (&ShotState::Canceled, AfterArrival::Canceled));
            assert_eq!((&ended.tried(1).outcome, ended.charge()), (&AttemptOutcome::Rejected(kind), Some(Usd::ZERO)));
            assert_eq!((ended.in_flight(), ended.failure()), (None, None));
        }
        assert_eq!(end(Arrival::Silence).0.state, ShotState::Canceled);
        // fal billed the work before it stopped.
        let stopped = FalError { billable_units: Some(0.5), ..FalError::new(FalErrorKind::Cancelled, "no") };
        assert!(end(Arrival::Error(stopped)).0.charge().unwrap() > Usd::ZERO);
        // fal was done, or took no notice: it is paid for, so it is kept.
        let (made, after_arrival) = end(images("r1"));
        assert_eq!(
            (made.state.name(), after_arrival, made.charge()),
            ("delivered", AfterArrival::Delivered, Some(DEV))
        );
        assert_eq!(made.clone().cancel_requested(at(31)), Err(Illegal::State { state: "delivered" }));
        assert_eq!(made.stored(media(), None).unwrap().state.name(), "stored");
    }
}

#[test]
fn a_shot_that_is_opened_again_has_all_its_tries_again_and_keeps_its_cost() {
    let rank = Rank { priority: 0, turn: 9 };
    let unusable = delivered().unusable(Failure::new(FailureCode::ImageTooLarge, "12 MB")).unwrap();
    let lost = waiting().all_lost();
    let simplified = waiting().claimed().came(error(FalErrorKind::Unavailable)).claimed();
    let other_model = simplified.came(error(FalErrorKind::InvalidInput));
    assert_ne!(other_model.recipe, waiting().recipe);
    for shot in [unusable.clone(), lost.clone(), other_model, canceled()] {
        let (tried, paid) = (shot.attempt(), shot.charge());
        let again = shot.reopened(rank).unwrap();
        assert_eq!((&again.recipe, again.work()), (&waiting().recipe, Work::Ready(rank)), "as it was asked for");
        assert_eq!((again.charge(), again.attempt()), (paid, tried));
        let again = again.lost().lost();
        assert_eq!(again.state, ShotState::Waiting { not_before: None }, "what was lost before does not count");
        assert!(matches!(again.lost().state, ShotState::Waiting { not_before: Some(_) }));
    }
    let made = unusable.reopened(rank).unwrap().claimed().came(images("r2"));
    assert_eq!((made.delivered_attempt(), made.charge()), (2, Some(Usd::from_micros(50_000))));
    assert_eq!(made.clone().reopened(rank), Err(Illegal::State { state: "delivered" }));
    assert_eq!(made.stored(media(), None).unwrap().reopened(rank), Err(Illegal::AlreadyDone));
    // What was given up before it was opened again, and comes now, is as good.
    let adopted = lost.reopened(rank).unwrap().arrived(2, images("r"), NO_JITTER, &Wording::default(), at(80)).unwrap();
    assert_eq!((adopted.0.delivered_attempt(), adopted.1), (2, AfterArrival::Delivered));
}

#[test]
fn a_flight_says_that_it_is_called_off_only_where_it_is() {
    let written = serde_json::to_value(waiting().claimed()).unwrap();
    assert_eq!(written["state"]["submitting"]["cancel_at_provider"], Value::Null);
    assert_eq!(serde_json::from_value::<Shot>(written).unwrap(), waiting().claimed());
}

#[test]
fn what_comes_after_another_attempt_was_sent_is_noted_once() {
    let under_way = waiting().lost().claimed();
    let stored = under_way.clone().came(images("r2")).stored(media(), None).unwrap();
    for shot in [under_way.clone(), under_way.clone().submitted(), under_way.came(images("r2")), stored] {
        let before = shot.charge().unwrap();
        for arrival in [images("r1"), error(FalErrorKind::Internal), Arrival::Silence] {
            let late = shot.clone().arrived(1, arrival, NO_JITTER, &Wording::default(), at(80)).unwrap_err();
            assert_eq!(late, Illegal::OtherAttempt { given: 1, current: 2 });
        }
        let noted = shot.clone().arrived_late(1, &delivery("r1")).unwrap();
        assert_eq!((&noted.state, noted.tried(2)), (&shot.state, shot.tried(2)));
        let late = noted.tried(1);
        assert_eq!((late.paid_twice, late.provider_cost, &late.outcome), (true, Some(DEV), &AttemptOutcome::Lost));
        assert_eq!((late.request_id.as_deref(), noted.charge()), (Some("r1"), Some(before)));
        assert_eq!(noted.arrived_late(1, &delivery("r1")), Err(Illegal::AlreadyDone));
    }
}

#[test]
fn what_comes_after_everything_was_given_up_is_noted_too() {
    let shot = waiting().all_lost();
    for attempt in 1..=8 {
        let late = shot.clone().arrived(attempt, images("r"), NO_JITTER, &Wording::default(), at(80)).unwrap_err();
        assert_eq!(late, Illegal::OtherAttempt { given: attempt, current: 8 });
        let noted = shot.clone().arrived_late(attempt, &delivery("r")).unwrap();
        assert_eq!(
            (noted.state, noted.attempts.iter().filter(|tried| tried.paid_twice).count()),
            (shot.state.clone(), 1)
        );
    }
}

#[test]
fn an_error_is_followed_by_a_pause() {
    for (jitter, pause) in [(0.0, 500), (0.5, 750), (1.0, 1000)] {
        let pause = SignedDuration::from_millis(pause);
        let shot = waiting().claimed().submitted();
        let (shot, after_arrival) =
            shot.arrived(1, error(FalErrorKind::Internal), jitter, &Wording::default(), at(10)).unwrap();
        let (end, too_early) = (at(10) + pause, at(10) + pause - SignedDuration::from_millis(1));
        assert_eq!(
            (after_arrival, &shot.state),
            (AfterArrival::Retrying(pause), &ShotState::Waiting { not_before: Some(end) })
        );
        assert_eq!(shot.tried(1).outcome, AttemptOutcome::Rejected(FalErrorKind::Internal));

        let still_waiting = Illegal::State { state: "waiting" };
        assert_eq!(shot.clone().claim(in_flight(), String::new(), too_early), Err(still_waiting.clone()));
        assert_eq!(shot.clone().ready(too_early), Err(still_waiting));
        assert_eq!(shot.clone().claim(in_flight(), String::new(), end).unwrap().attempt(), 2);
        let ready = shot.ready(end).unwrap();
        assert_eq!(ready.work(), Work::Ready(ready.rank));
    }
}

#[test]
fn a_refusal_is_paid_by_us_and_not_charged() {
    let shot = delivered().unusable(refusal()).unwrap();
    assert_eq!(shot.failure(), Some(&refusal()));
    assert_eq!((shot.tried(1).provider_cost, shot.charge()), (Some(DEV), Some(Usd::ZERO)));
    // Any other fault of the picture was made and billed.
    let shot = delivered().unusable(Failure::new(FailureCode::NotAnImage, "html")).unwrap();
    assert_eq!(shot.charge(), Some(DEV));
}

#[test]
fn of_several_images_the_refused_ones_are_not_charged() {
    let flagged = [false, true, false, true];
    let four = |units: f64| {
        let image = |flagged| GeneratedImage { flagged, ..delivery("r1").images[0].clone() };
        let delivery = Delivery { images: flagged.map(image).to_vec(), billable_units: Some(units), ..delivery("r1") };
        let recipe = Recipe { images: 4, ..waiting().recipe };
        Shot { recipe, ..waiting() }.claimed().came(Arrival::Images(delivery))
    };
    let kept = four(4.0).stored(media(), Some(refusal())).unwrap();
    assert_eq!(
        (kept.tried(1).provider_cost.unwrap().micros(), kept.charge()),
        (100_000, Some(Usd::from_micros(50_000)))
    );
    assert_eq!((kept.failure(), kept.is_settled()), (Some(&refusal()), true), "it says why not all are there");
    // The half that was no refusal cannot be used either: it was made and billed.
    let unusable = Failure::new(FailureCode::NotAnImage, "html");
    assert_eq!(four(0.0001).unusable(unusable).unwrap().charge(), Some(Usd::from_micros(1)), "rounded for the caller");
    let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(&kept).unwrap();
    assert_eq!(serde_dynamo::from_item::<_, Shot>(item).unwrap(), kept);
}

#[test]
fn units_that_fal_counts_win_over_the_table() {
    let counted = |units| Arrival::Images(Delivery { billable_units: Some(units), ..delivery("r1") });
    for (units, micros) in [(3.0, 75_000), (0.5, 12_500), (0.0, 0)] {
        assert_eq!(waiting().claimed().came(counted(units)).charge(), Some(Usd::from_micros(micros)));
    }
    let late = Delivery { billable_units: Some(2.0), ..delivery("r1") };
    let shot = waiting().lost().claimed().arrived_late(1, &late).unwrap();
    assert_eq!((shot.tried(1).provider_cost, shot.charge()), (Some(Usd::from_micros(50_000)), Some(Usd::ZERO)));
}

#[test]
fn a_rejection_costs_only_what_fal_counts() {
    let billed = FalError { billable_units: Some(0.5), ..FalError::new(FalErrorKind::InvalidInput, "no") };
    let shot = waiting().claimed().came(Arrival::Error(billed));
    assert_eq!(shot.charge(), Some(Usd::from_micros(12_500)));
    assert_eq!(waiting().claimed().came(error(FalErrorKind::InvalidInput)).charge(), Some(Usd::ZERO));
}

#[test]
fn an_unknown_price_is_unknown() {
    let shot = Shot { recipe: recipe("withdrawn"), ..waiting() };
    assert_eq!(shot.clone().claimed().came(images("r1")).charge(), None);
    let counted = Arrival::Images(Delivery { billable_units: Some(1.0), ..delivery("r1") });
    assert_eq!(shot.clone().claimed().came(counted).charge(), None);
    let billed = FalError { billable_units: Some(1.0), ..FalError::new(FalErrorKind::InvalidInput, "no") };
    assert_eq!(shot.clone().claimed().came(Arrival::Error(billed)).charge(), None);
    // One unknown attempt makes the sum unknown; nothing billed is no cost, whatever the price.
    let late = shot.clone().lost().claimed().arrived_late(1, &delivery("r1")).unwrap();
    assert_eq!((late.tried(1).provider_cost, late.charge()), (None, Some(Usd::ZERO)));
    assert_eq!(shot.clone().claimed().came(error(FalErrorKind::InvalidInput)).charge(), Some(Usd::ZERO));
    // It can still be refused, and then is not charged.
    let refused = shot.claimed().came(images("r1")).unusable(refusal()).unwrap();
    assert_eq!((refused.tried(1).provider_cost, refused.charge()), (None, Some(Usd::ZERO)));
}

#[test]
fn no_image_is_a_failure() {
    let nothing = Arrival::Images(Delivery { images: Vec::new(), ..delivery("r1") });
    let (shot, after_arrival) =
        waiting().claimed().submitted().arrived(1, nothing, NO_JITTER, &Wording::default(), at(10)).unwrap();
    assert_eq!((after_arrival, shot.failure().unwrap().code), (AfterArrival::Failed, FailureCode::ProviderProtocol));
    assert_eq!((shot.charge(), shot.is_settled()), (Some(Usd::ZERO), true));
}

#[test]
fn every_state_survives_the_table_and_json() {
    for (name, shot) in one_of_each() {
        let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(&shot).unwrap();
        assert_eq!(serde_dynamo::from_item::<_, Shot>(item).unwrap(), shot, "{name}");
        let json = serde_json::to_string(&shot).unwrap();
        assert_eq!(serde_json::from_str::<Shot>(&json).unwrap(), shot, "{name}");
    }
}

#[test]
fn an_error_tells_of_which_request_it_is() {
    let named = FalError { request_id: Some("r1".to_owned()), ..FalError::new(FalErrorKind::AccountLocked, "no") };
    for arrival in [Arrival::Error(named.clone()), Arrival::Abandoned(named)] {
        assert_eq!(waiting().claimed().came(arrival).tried(1).request_id.as_deref(), Some("r1"));
    }
}

#[test]
fn a_record_has_room_for_the_recipes_that_a_change_makes_its_own() {
    // Attempts that share their recipe are small, until the next one changes it.
    let prompt = "a keeper ".repeat(3_300);
    let shared = Shot { recipe: Recipe { prompt, ..waiting().recipe }, ..waiting() };
    let mut shot = shared;
    while shot.has_room_for_attempts() {
        let tame = Recipe { seed: 1, ..shot.recipe.clone() };
        let mut worst = Shot { recipe: tame, ..shot.clone() };
        worst.attempts.extend((0..8).flat_map(|_| shot.clone().claimed().attempts.pop()));
        assert!(serde_json::to_vec(&worst).unwrap().len() < 400_000, "{} attempts", shot.attempts.len());
        shot = shot.lost();
        shot.state = ShotState::Waiting { not_before: None };
    }
    assert!(!shot.attempts.is_empty(), "there was room for some");
}

#[test]
fn a_recipe_is_kept_once() {
    let tame = Recipe { prompt: "a tame keeper".to_owned(), ..waiting().recipe };
    // A retry that changed what is sent, as after a refused prompt.
    let retried = Shot { recipe: tame.clone(), ..waiting().lost() }.claimed();
    let record = serde_json::to_value(&retried).unwrap();
    let recipes: Vec<Option<&Value>> =
        record["attempts"].as_array().unwrap().iter().map(|attempt| attempt.get("recipe")).collect();
    assert_eq!(recipes[1], None, "the last one is the shot's own");
    assert_eq!(recipes[0].unwrap()["prompt"], waiting().recipe.prompt);
    let read: Shot = serde_json::from_value(record).unwrap();
    assert_eq!((&read.tried(1).recipe, &read.tried(2).recipe), (&waiting().recipe, &tame));
}

#[test]
fn the_sweep_may_look_too_early_and_never_too_late() {
    let claimed = waiting().claimed().looked_at(at(40));
    assert_eq!(claimed.work(), Work::Due(at(40)), "the lease ends at 60");
    let submitted = claimed.clone().accepted(1, request("r1"), at(90)).unwrap();
    assert_eq!(submitted.work(), Work::Due(at(40)), "it stays where it is");
    assert_eq!(submitted.clone().came(images("r1")).work(), Work::Due(at(40)));
    assert_eq!(submitted.clone().off().work(), Work::Due(at(20)), "due earlier it is looked at earlier");
    let exact = submitted.looked_at_when_due().unwrap();
    assert_eq!((exact.work(), exact.looked_at_when_due()), (Work::Due(at(90)), None));
    // What the reconciler has attended to it sees again when it is due.
    assert_eq!(submitted.clone().still_running(at(150)).unwrap().work(), Work::Due(at(150)));
    assert_eq!(submitted.came(images("r1")).reminded(at(50)).unwrap().work(), Work::Due(at(170)));
    // A retry begins anew.
    let pausing = claimed.came(error(FalErrorKind::Internal));
    assert_eq!((pausing.look_at, waiting().claimed().work()), (None, Work::Due(at(60))));
}

#[test]
fn the_stored_shape_stays() {
    let item: HashMap<String, AttributeValue> =
        serde_dynamo::to_item(waiting().lost().claimed().came(images("r2"))).unwrap();
    insta::assert_json_snapshot!(serde_dynamo::from_item::<_, Value>(item).unwrap(), @r#"
    {
      "attempts": [
        {
          "nonce": "nonce-1",
          "number": 1,
          "outcome": "lost",
          "provider_cost": 0,
          "started_at": "2026-11-21T07:00:00Z"
        },
        {
          "nonce": "nonce-2",
          "number": 2,
          "outcome": "delivered",
          "provider_cost": 25000,
          "request_id": "r2",
          "started_at": "2026-11-21T07:00:00Z"
        }
      ],
      "id": "01m7yef7c0d3wmmt8dsgjx3x5g-0",
      "lane": "master",
      "project": "isle",
      "rank": {
        "priority": 0,
        "turn": 7
      },
      "recipe": {
        "guidance": 3.5,
        "height": 1024,
        "images": 1,
        "model": "flux-dev",
        "outputFormat": "png",
        "prompt": "a keeper",
        "seed": 196619188014358660,
        "steps": 50,
        "template": "master-character@1",
        "width": 1024
      },
      "state": {
        "delivered": {
          "check_at": "2026-11-21T07:02:10Z",
          "delivery": {
            "images": [
              {
                "flagged": false,
                "url": "https://v3.fal.media/files/a.png"
              }
            ],
            "provider_retried": false,
            "request_id": "r2",
            "seed": 18446744073709551615
          },
          "reminders": 0
        }
      }
    }
    "#);
}

#[test]
fn the_names_of_states_and_outcomes_stay() {
    for (name, shot) in one_of_each() {
        let stored = match serde_json::to_value(&shot.state).unwrap() {
            Value::Object(state) => state.keys().cloned().collect::<String>(),
            bare => bare.as_str().unwrap().to_owned(),
        };
        assert_eq!(stored, shot.state.name(), "{name}");
    }
    let outcomes = [
        AttemptOutcome::UnderWay,
        AttemptOutcome::Delivered,
        AttemptOutcome::Unusable(FailureCode::ContentRefused),
        AttemptOutcome::Rejected(FalErrorKind::TimedOut),
        AttemptOutcome::Lost,
        AttemptOutcome::TurnedAway(FalErrorKind::RateLimited),
    ];
    let (unusable, rejected) = (json!({ "unusable": "content_refused" }), json!({ "rejected": "timed_out" }));
    let turned_away = json!({ "turned_away": "rate_limited" });
    assert_eq!(json!(outcomes), json!(["under_way", "delivered", unusable, rejected, "lost", turned_away]));
}
