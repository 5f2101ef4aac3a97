//! Any sequence of steps and arrivals, in any order, twice, late or never: what always holds of a shot.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    failure::FailureCode,
    fal_error::{FalError, FalErrorKind},
    id::JobId,
    model::Model,
    prompt::Wording,
    quote::bound,
    recipe,
    rng::Rng,
};

/// A step that some function takes, about an attempt that it names: one of those that were made, or one too many.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Claim,
    Ready,
    Accepted(prop::sample::Index),
    StillRunning,
    Unanswered(bool),
    TooLate,
    ToBeFetched(prop::sample::Index),
    Arrived(prop::sample::Index, Came),
    Reminded,
    Stored { usable: prop::sample::Index },
    Unusable(FailureCode),
    Canceled,
    CalledOff,
    Reopened,
    Passes(i64),
}

/// What comes back from fal.
#[derive(Debug, Clone)]
pub(crate) enum Came {
    /// So many images, of which the first ones are flagged.
    Images {
        images: usize,
        flagged: usize,
    },
    Error(FalErrorKind, Option<bool>),
    TurnedAway,
    Abandoned,
    Silence,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..60)
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let attempt = any::<prop::sample::Index>;
    prop_oneof![
        6 => Just(Step::Claim),
        3 => Just(Step::Ready),
        5 => attempt().prop_map(Step::Accepted),
        1 => Just(Step::StillRunning),
        1 => any::<bool>().prop_map(Step::Unanswered),
        1 => Just(Step::TooLate),
        2 => attempt().prop_map(Step::ToBeFetched),
        8 => (attempt(), came()).prop_map(|(attempt, came)| Step::Arrived(attempt, came)),
        1 => Just(Step::Reminded),
        2 => attempt().prop_map(|usable| Step::Stored { usable }),
        1 => prop_oneof![Just(FailureCode::ContentRefused), Just(FailureCode::CorruptImage)].prop_map(Step::Unusable),
        1 => Just(Step::Canceled),
        1 => Just(Step::CalledOff),
        1 => Just(Step::Reopened),
        4 => (0..40_i64).prop_map(Step::Passes),
    ]
}

fn came() -> impl Strategy<Value = Came> {
    use FalErrorKind::{
        AccountLocked, Authentication, Cancelled, ContentPolicy, Download, Garbled, Internal, InvalidInput, Moderated,
        RateLimited, StartDeadline, TimedOut, Unavailable, Unreachable,
    };
    let kinds = vec![
        RateLimited,
        Unavailable,
        Unreachable,
        TimedOut,
        StartDeadline,
        Internal,
        ContentPolicy,
        Moderated,
        Download,
        InvalidInput,
        Authentication,
        AccountLocked,
        Cancelled,
        Garbled,
    ];
    prop_oneof![
        3 => (0..7_usize, 0..3_usize).prop_map(|(images, flagged)| Came::Images { images, flagged: flagged.min(images) }),
        4 => (prop::sample::select(kinds), any::<Option<bool>>()).prop_map(|(kind, again)| Came::Error(kind, again)),
        3 => Just(Came::Silence),
        2 => Just(Came::TurnedAway),
        1 => Just(Came::Abandoned),
    ]
}

fn start() -> Timestamp {
    "2026-11-21T07:00:00Z".parse().unwrap()
}

/// A shot of any model, as a plan may have it.
pub(crate) fn waiting() -> impl Strategy<Value = Shot> {
    let models = Model::all().iter().filter(|model| model.size != crate::model::Size::Input).collect::<Vec<_>>();
    let sides = (256..3000_u32, 256..3000_u32);
    (prop::sample::select(models), sides, 1..5_u32, 0..5_usize).prop_map(
        |(model, (width, height), images, references)| {
            let url = |number| recipe::Source::Url(format!("https://images.example.com/{number}.png"));
            let references = (0..references.min(model.max_references() as usize)).map(url).collect();
            let wanted = Recipe {
                width,
                height,
                images,
                references,
                prompt: "a violent, stormy sea".to_owned(),
                ..recipe::tests::recipe(&model.id)
            };
            let id = JobId::new(start(), &Rng::seeded(1)).shot(0);
            Shot::new(id, "isle".parse().unwrap(), Lane::Master, Rank { priority: 0, turn: 7 }, wanted.on(model))
        },
    )
}

/// A shot with what is known about it beside its record.
#[derive(Debug, Clone)]
pub(crate) struct Traced {
    pub(crate) shot: Shot,
    pub(crate) now: Timestamp,
    claims: u32,
}

impl Traced {
    pub(crate) fn new(shot: Shot) -> Self {
        Self { shot, now: start(), claims: 0 }
    }

    /// fal answers the last attempt.
    pub(crate) fn come(&mut self, came: &Came) {
        self.shot = arrived(self.shot.clone(), self.shot.attempt(), came, self.now).unwrap();
    }

    /// Takes the step as the function does whose step it is. One that is refused changes nothing.
    pub(crate) fn take(&mut self, step: &Step) {
        let before = self.shot.clone();
        // One of the attempts, or the one that does not exist yet.
        let attempt =
            |which: &prop::sample::Index| u32::try_from(which.index(before.attempt() as usize + 1)).unwrap() + 1;
        let (shot, now) = (self.shot.clone(), self.now);
        let taken = match step {
            Step::Claim => {
                let lease_until = now + SignedDuration::from_secs(185);
                let in_flight = ProviderRequest { slot: 3, lease_until, cancel_at_provider: CancelAtProvider::No };
                let claimed = shot.claim(in_flight, format!("nonce-{}", self.claims), now);
                claimed.map(|shot| shot.looked_at(now + SignedDuration::from_secs(60)))
            }
            Step::Ready => shot.ready(now),
            Step::Accepted(which) => {
                let number = attempt(which);
                let request = FalRequest::documented(&format!("r{number}"), "fal-ai/flux/dev".to_owned());
                shot.accepted(number, request, now + SignedDuration::from_secs(90))
            }
            Step::StillRunning => shot.still_running(now + SignedDuration::from_secs(60)),
            Step::Unanswered(doubt) => shot.unanswered(*doubt, now, now + SignedDuration::from_secs(60)),
            Step::TooLate => shot.too_late(now + SignedDuration::from_secs(3)),
            Step::ToBeFetched(which) => shot.to_be_fetched(attempt(which), &format!("r{}", attempt(which)), None, now),
            Step::Arrived(which, came) => arrived(shot, attempt(which), came, now),
            Step::Reminded => shot.reminded(now),
            Step::Stored { usable } => {
                let ShotState::Delivered { delivery, .. } = &shot.state else { return };
                let good = delivery.images.len() - delivery.flagged();
                let media: Vec<MediaId> = (0..usable.index(good + 1)).map(|index| shot.id.media(index)).collect();
                let left_out =
                    (media.len() < delivery.images.len()).then(|| Failure::new(FailureCode::CorruptImage, "no"));
                shot.stored(media, left_out)
            }
            Step::Unusable(code) => shot.unusable(Failure::new(*code, "no")),
            Step::Canceled => shot.cancel_requested(now),
            Step::Reopened => shot.reopened(Rank { priority: 0, turn: 8 }),
            Step::CalledOff => shot.provider_cancel_asked(now + SignedDuration::from_secs(3)),
            Step::Passes(seconds) => {
                self.now += SignedDuration::from_secs(*seconds);
                Ok(shot)
            }
        };
        if let Ok(shot) = taken {
            self.claims += u32::from(shot.attempt() > before.attempt());
            self.shot = shot;
        }
    }
}

/// As `record_result.rs` records it.
fn arrived(shot: Shot, attempt: u32, came: &Came, now: Timestamp) -> Result<Shot, Illegal> {
    let arrival = match came {
        Came::Images { images, flagged } => Arrival::Images(delivery(attempt, *images, *flagged)),
        Came::Error(kind, retryable) => {
            Arrival::Error(FalError { retryable: *retryable, ..FalError::new(*kind, "no") })
        }
        Came::TurnedAway => Arrival::TurnedAway {
            error: FalError::new(FalErrorKind::AccountLocked, "no"),
            after: SignedDuration::from_secs(60),
            patience: SignedDuration::from_mins(10),
        },
        Came::Abandoned => Arrival::Abandoned(FalError::new(FalErrorKind::TimedOut, "no")),
        Came::Silence => Arrival::Silence,
    };
    match shot.clone().arrived(attempt, arrival.clone(), 0.5, &Wording::default(), now) {
        Ok((shot, _)) => Ok(shot),
        Err(other @ Illegal::OtherAttempt { .. }) => match arrival {
            Arrival::Images(delivery) => shot.arrived_late(attempt, &delivery),
            Arrival::Error(_) | Arrival::TurnedAway { .. } | Arrival::Abandoned(_) | Arrival::Silence => Err(other),
        },
        Err(other @ (Illegal::AlreadyDone | Illegal::State { .. })) => Err(other),
    }
}

fn delivery(attempt: u32, images: usize, flagged: usize) -> Delivery {
    let image = |index| GeneratedImage { url: format!("https://v3.fal.media/{index}.png"), flagged: index < flagged };
    Delivery {
        request_id: format!("r{attempt}"),
        images: (0..images).map(image).collect(),
        seed: None,
        billable_units: None,
        provider_retried: false,
        surplus: 0,
    }
}

fn brought(attempt: &Attempt) -> bool {
    matches!(attempt.outcome, AttemptOutcome::Delivered | AttemptOutcome::Unusable(_))
}

/// What holds of every shot, whatever has happened.
fn holds(shot: &Shot) -> Result<(), TestCaseError> {
    let numbers: Vec<u32> = shot.attempts.iter().map(|attempt| attempt.number).collect();
    prop_assert!(numbers.is_sorted_by(|one, next| one < next), "{:?}", numbers);
    let turned_away = |attempt: &&Attempt| matches!(attempt.outcome, AttemptOutcome::TurnedAway(_));
    prop_assert!(shot.attempts.iter().filter(turned_away).filter(|attempt| !attempt.paid_twice).count() <= 9);
    let counted = shot.attempts.iter().filter(|attempt| attempt.number > shot.before && !turned_away(attempt)).count();
    prop_assert!(counted <= 8, "{} attempts", counted);
    prop_assert!(shot.attempts.is_sorted_by_key(|attempt| attempt.started_at));
    let (delivered, unusable): (Vec<&Attempt>, Vec<&Attempt>) = shot
        .attempts
        .iter()
        .filter(|attempt| brought(attempt))
        .partition(|attempt| attempt.outcome == AttemptOutcome::Delivered);
    prop_assert!(delivered.len() <= 1, "two attempts brought the images");
    // What cannot be used ends a shot; only a retry brings more.
    prop_assert!(unusable.len() <= 1 || shot.before > 0);
    let in_flight = shot.in_flight().is_some();
    let under_way: Vec<u32> =
        shot.attempts.iter().filter(|attempt| attempt.outcome == AttemptOutcome::UnderWay).map(|a| a.number).collect();
    prop_assert_eq!(
        &under_way,
        &if in_flight { vec![shot.attempt()] } else { vec![] },
        "in flight is one attempt, the last"
    );
    match &shot.state {
        ShotState::Delivered { delivery, .. } => {
            prop_assert!(delivered.len() == 1 && !delivery.images.is_empty());
            prop_assert_eq!(delivered[0].request_id.as_deref(), Some(delivery.request_id.as_str()));
            prop_assert_eq!(&shot.recipe, &delivered[0].recipe, "the recipe is the one that made the images");
        }
        ShotState::Stored { media } => {
            prop_assert_eq!(delivered.len(), 1);
            prop_assert!(media.len() <= delivered[0].recipe.images as usize);
        }
        ShotState::Waiting { .. } | ShotState::Submitting(_) | ShotState::Submitted { .. } | ShotState::Canceled => {
            prop_assert!(delivered.is_empty(), "images were forgotten");
        }
        ShotState::Failed(_) => {}
    }
    // Of the images only one attempt's are charged, and none by more than fal bills.
    for attempt in &shot.attempts {
        prop_assert!(attempt.charge() <= attempt.provider_cost);
        prop_assert!(brought(attempt) || attempt.charge() == Some(Usd::ZERO));
    }
    // The reconciler never looks at it too late, and after a look that was too early when it is due.
    let exact = shot.looked_at_when_due().unwrap_or_else(|| shot.clone());
    prop_assert_eq!(exact.looked_at_when_due(), None);
    prop_assert_eq!(&exact.state, &shot.state);
    match (shot.work(), exact.work()) {
        (Work::Due(look), Work::Due(due)) => prop_assert!(look <= due),
        (work, exact) => prop_assert_eq!(work, exact),
    }
    let record = serde_json::to_value(shot).unwrap();
    prop_assert_eq!(&serde_json::from_value::<Shot>(record).unwrap(), shot, "its record says less than it");
    let each = bound(shot.asked());
    let bound: Option<Usd> = delivered.iter().chain(&unusable).map(|_| each).sum();
    prop_assert!(bound.is_none() || shot.charge() <= bound, "{:?} of {bound:?}", shot.charge());
    Ok(())
}

/// What a step may change.
fn follows(before: &Shot, after: &Shot, step: &Step) -> Result<(), TestCaseError> {
    prop_assert!(after.attempt() - before.attempt() <= 1, "attempts are added one by one");
    for old in &before.attempts {
        let Some(new) = after.attempts.iter().find(|new| new.number == old.number) else {
            prop_assert!(matches!(old.outcome, AttemptOutcome::TurnedAway(_)) && !old.paid_twice, "it was forgotten");
            continue;
        };
        prop_assert_eq!((old.number, &old.nonce, old.started_at), (new.number, &new.nonce, new.started_at));
        prop_assert_eq!(&old.recipe, &new.recipe, "what was sent stays what it was");
        prop_assert!(!old.paid_twice || new.paid_twice);
    }
    prop_assert_eq!(before.asked(), after.asked());
    if before.is_settled() && !matches!(step, Step::Reopened) {
        prop_assert_eq!((&before.state, &before.left_out), (&after.state, &after.left_out), "a settled shot changed");
        prop_assert_eq!(before.charge(), after.charge(), "a settled shot was charged anew");
    }
    // One attempt keeps its slot, for no shorter time than before.
    if let (Some(old), Some(new)) = (before.in_flight(), after.in_flight())
        && before.attempt() == after.attempt()
    {
        prop_assert!(old.slot == new.slot && old.lease_until <= new.lease_until);
    }
    prop_assert!(before.attempt() == after.attempt() || before.in_flight().is_none(), "two are at fal");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_a_shot(shot in waiting(), steps in steps()) {
        let mut model = Traced::new(shot);
        for step in &steps {
            let before = model.shot.clone();
            model.take(step);
            holds(&model.shot)?;
            follows(&before, &model.shot, step)?;
            // The same once more, as messages come twice: it is refused, or has no further effect on the money.
            if let Step::Arrived(..) = step {
                let charge = model.shot.charge();
                let state = model.shot.state.name();
                let mut again = model.clone();
                again.take(step);
                prop_assert!(again.shot.charge() == charge || state != "delivered");
                holds(&again.shot)?;
            }
        }
        // From wherever it is now it comes to an end by itself, when fal is never heard of again.
        for _ in 0..40 {
            model.take(&Step::Passes(4_000));
            let step = match &model.shot.state {
                ShotState::Waiting { not_before: Some(_) } => Step::Ready,
                ShotState::Waiting { not_before: None } => Step::Claim,
                ShotState::Submitting(_) | ShotState::Submitted { .. } => {
                    model.come(&Came::Silence);
                    continue;
                }
                ShotState::Delivered { .. } => Step::Unusable(FailureCode::ImageUnreachable),
                ShotState::Stored { .. } | ShotState::Failed(_) | ShotState::Canceled => break,
            };
            model.take(&step);
        }
        prop_assert!(model.shot.is_settled(), "it never ends: {:?}", model.shot.state);
        holds(&model.shot)?;
    }
}
