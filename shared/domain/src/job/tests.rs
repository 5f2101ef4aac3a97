use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::*;
use crate::{
    kind::{
        Material, Profile, Tuning,
        master::tests::{keeper, planned},
        profile::{Resolution, TWELVE},
    },
    lane::Lane,
    prompt::{Template, Wording},
    recipe::{self, Recipe},
    rng::Rng,
    shot::{Attempt, AttemptOutcome, CancelAtProvider, ProviderRequest, Rank},
};

pub(crate) const CENT: Option<Usd> = Some(Usd::from_micros(10_000));

pub(crate) fn at(second: i64) -> Timestamp {
    "2026-11-21T07:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

pub(crate) fn job(shots: u16) -> Job {
    let mut kind = Kind::Master(keeper());
    let plan = planned(|setting| kind.plan(&Material::default(), setting)).unwrap();
    Job {
        id: JobId::new(at(0), &Rng::seeded(1)),
        project: "isle".parse().unwrap(),
        kind,
        created_by: "ada".parse().unwrap(),
        key: None,
        end_user: None,
        created_at: at(0),
        accounted_at: None,
        shots,
        // A cent for each shot.
        reserved: Some(Usd::from_micros(u64::from(shots) * 10_000)),
        ignored: plan.ignored,
        storage_plan: plan.storage_plan,
        cache_key: plan.cache_key,
        workflow: None,
        metadata: Some(json!({ "scene": 7.0, "": [[[[1e300]]]] })),
        judged: Vec::new(),
        needs_review: false,
        report: None,
        deadline: None,
        retried_at: None,
        state: Job::opened(at(0), None),
    }
}

/// A shot in `state` after one attempt for which fal bills `cost`.
fn shot(ordinal: u16, state: ShotState, outcome: AttemptOutcome, cost: Option<Usd>) -> Shot {
    let recipe = Recipe { steps: None, guidance: None, ..recipe::tests::recipe("flux-dev") };
    let attempt = Attempt {
        number: 1,
        recipe: recipe.clone(),
        nonce: "nonce".to_owned(),
        started_at: at(0),
        request_id: None,
        outcome,
        provider_cost: cost,
        refused: Usd::ZERO,
        paid_twice: false,
        left_at_fal: false,
        surplus: 0,
        categories: Vec::new(),
    };
    let id = job(1).id.shot(ordinal);
    let shot = Shot::new(id, job(1).project, Lane::Master, Rank { priority: 0, turn: 0 }, recipe);
    Shot { state, attempts: vec![attempt], ..shot }
}

pub(crate) fn stored(cost: Option<Usd>) -> Shot {
    let media = vec![job(1).id.shot(0).media(0)];
    shot(0, ShotState::Stored { media }, AttemptOutcome::Delivered, cost)
}

fn timeout() -> Failure {
    Failure::new(FailureCode::GenerationTimeout, "too slow")
}

pub(crate) fn failed() -> Shot {
    shot(1, ShotState::Failed(timeout()), AttemptOutcome::Lost, CENT)
}

/// fal billed it, and the caller is not charged.
fn refused() -> Shot {
    let refusal = Failure::new(FailureCode::ContentRefused, "flagged");
    shot(1, ShotState::Failed(refusal), AttemptOutcome::Unusable(FailureCode::ContentRefused), CENT)
}

fn submitting() -> Shot {
    let in_flight = ProviderRequest { slot: 0, lease_until: at(60), cancel_at_provider: CancelAtProvider::No };
    shot(1, ShotState::Submitting(in_flight), AttemptOutcome::UnderWay, Some(Usd::ZERO))
}

fn waiting() -> Shot {
    let waiting = ShotState::Waiting { not_before: None };
    Shot { attempts: Vec::new(), ..shot(2, waiting, AttemptOutcome::UnderWay, None) }
}

pub(crate) fn canceled() -> Shot {
    Shot { state: ShotState::Canceled, ..waiting() }
}

/// A job that was finished with `shots`.
pub(crate) fn finished(shots: &[Shot]) -> Job {
    job(u16::try_from(shots.len()).unwrap()).finish(shots, &Verified::default(), at(60)).unwrap()
}

fn one_of_each() -> Vec<Job> {
    vec![
        job(1),
        finished(&[stored(CENT)]),
        finished(&[stored(None), failed()]),
        finished(&[failed()]),
        finished(&[canceled()]),
    ]
}

#[test]
fn a_job_ends_as_its_shots_did() {
    let ending = |micros| Ending { at: at(60), cost: Some(Usd::from_micros(micros)), beyond: Usd::ZERO };
    let end = |shots: &[Shot]| finished(shots).state;
    assert_eq!(end(&[stored(CENT), stored(CENT)]), JobState::Completed(ending(20_000)));
    assert_eq!(end(&[stored(CENT), failed(), refused()]), JobState::Partial(ending(20_000), timeout()));
    assert_eq!(end(&[failed(), refused()]), JobState::Failed(ending(10_000), timeout()));
    assert_eq!(end(&[refused(), failed()]), JobState::Failed(ending(10_000), refused().failure().unwrap().clone()));
    assert_eq!(end(&[failed(), canceled()]), JobState::Failed(ending(10_000), timeout()));
    assert_eq!(end(&[canceled(), canceled()]), JobState::Canceled(ending(0)));
    let partly = finished(&[stored(CENT), canceled()]);
    assert_eq!((partly.status(&[]), partly.ending()), (JobStatus::Partial, Some(&ending(10_000))));
}

#[test]
fn images_that_were_flagged_and_left_out_are_missed() {
    let whole = stored(CENT);
    let four = Shot { recipe: Recipe { images: 4, ..whole.recipe.clone() }, ..whole };
    let media = (0..3).map(|index| job(1).id.shot(0).media(index)).collect();
    let three = Shot { state: ShotState::Stored { media }, ..four };
    let JobState::Partial(_, failure) = finished(&[three]).state else { panic!("three of four are there") };
    assert_eq!(failure.code, FailureCode::ContentRefused);
}

#[test]
fn one_unknown_cost_makes_the_jobs_cost_unknown() {
    assert_eq!(finished(&[stored(CENT), stored(None)]).ending().unwrap().cost, None);
    assert_eq!(finished(&[stored(None)]).ending().unwrap().cost, None);
    assert_eq!(finished(&[refused()]).ending().unwrap().cost, Some(Usd::ZERO));
}

#[test]
fn a_job_does_not_end_before_its_last_shot() {
    for unsettled in [waiting(), submitting()] {
        assert_eq!(
            job(2).finish(&[stored(CENT), unsettled.clone()], &Verified::default(), at(60)),
            Err(NotFinished::Running)
        );
        assert_eq!(
            job(2).finish(&[unsettled.clone(), unsettled], &Verified::default(), at(60)),
            Err(NotFinished::Running)
        );
    }
    // A shot that was not read is not a shot that is settled.
    assert_eq!(job(2).finish(&[stored(CENT)], &Verified::default(), at(60)), Err(NotFinished::Running));
    assert_eq!(job(1).finish(&[], &Verified::default(), at(60)), Err(NotFinished::Running));
}

#[test]
fn a_job_ends_once() {
    for ended in one_of_each().into_iter().skip(1) {
        let again = [stored(CENT), stored(CENT)];
        assert_eq!(ended.clone().finish(&again, &Verified::default(), at(90)), Err(NotFinished::AlreadyDone));
        assert_eq!(ended.clone().finish(&[waiting()], &Verified::default(), at(90)), Err(NotFinished::AlreadyDone));
        assert_eq!(ended.check_at(), None);
        assert_eq!(ended.checked(false, at(90)), Err(NotFinished::AlreadyDone));
    }
}

#[test]
fn the_sweep_looks_again_and_again_at_an_open_job() {
    assert_eq!(job(1).check_at(), Some(at(120)));
    assert_eq!(job(1).checked(false, at(130)).unwrap().check_at(), Some(at(250)));
    let missed = |times| (0..times).fold(job(1), |job, _| job.checked(true, at(130)).unwrap());
    assert!(!missed(29).is_overdue() && missed(30).is_overdue());
}

#[test]
fn a_job_that_is_taken_back_stays_so_until_its_end() {
    let by = CanceledBy::Caller;
    let canceled = job(1).cancel_requested(by, at(5)).unwrap();
    assert!(canceled.is_cancel_requested() && !job(1).is_cancel_requested());
    assert_eq!(canceled.check_at(), Some(at(125)));
    let checked = canceled.clone().checked(false, at(130)).unwrap();
    assert!(checked.is_cancel_requested());
    assert_eq!(checked.clone().cancel_requested(CanceledBy::Deadline, at(140)).as_ref(), Ok(&checked), "a second time");
    assert_eq!(
        canceled.finish(&[self::canceled()], &Verified::default(), at(60)).unwrap().cancel_requested(by, at(61)),
        Err(NotFinished::AlreadyDone)
    );
    let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(&checked).unwrap();
    assert_eq!(serde_dynamo::from_item::<_, Job>(item).unwrap(), checked);
}

#[test]
fn a_job_past_its_deadline_is_taken_back_and_says_so() {
    let job = |shots| {
        let state = Job::opened(at(0), Some(at(30)));
        Job { deadline: Some(at(30)), state, ..job(shots) }
    };
    assert_eq!(job(1).check_at(), Some(at(30)), "the reconciler looks at it then");
    assert_eq!(job(1).checked(false, at(10)).unwrap().check_at(), Some(at(30)));
    assert_eq!(job(1).checked(false, at(30)).unwrap().check_at(), Some(at(150)), "and goes on looking");
    assert!(!job(1).is_out_of_time(at(29)) && job(1).is_out_of_time(at(30)));
    let late = |shots| job(shots).cancel_requested(CanceledBy::Deadline, at(31)).unwrap();
    assert!(!late(1).is_out_of_time(at(31)), "only once");
    let end = |shots: &[Shot]| {
        let count = u16::try_from(shots.len()).unwrap();
        let ended = late(count).finish(shots, &Verified::default(), at(60)).unwrap();
        (ended.status(shots), ended.failure().map(|failure| failure.code))
    };
    let deadline = Some(FailureCode::Deadline);
    assert_eq!(end(&[canceled(), canceled()]), (JobStatus::Canceled, deadline));
    assert_eq!(end(&[failed(), canceled()]), (JobStatus::Canceled, deadline));
    assert_eq!(end(&[stored(CENT), canceled()]), (JobStatus::Partial, deadline));
    // Everything was at fal, and came all the same.
    assert_eq!(end(&[stored(CENT)]), (JobStatus::Completed, None));
    assert_eq!(end(&[failed()]), (JobStatus::Failed, Some(FailureCode::GenerationTimeout)));
    // A cancel came before the deadline.
    let both = job(1).cancel_requested(CanceledBy::Caller, at(20)).unwrap();
    assert!(!both.is_out_of_time(at(40)));
    let ended = both.finish(&[canceled()], &Verified::default(), at(60)).unwrap();
    assert_eq!((ended.status(&[]), ended.failure()), (JobStatus::Canceled, None));
}

/// A profile of twelve angles, and `state` of each of its shots.
fn profile(state: impl Fn(u16) -> Shot) -> (Job, Vec<Shot>) {
    let profile = Job {
        kind: Kind::Profile(Profile {
            master: "img_01jd0000000000000000000000-0-0".parse().unwrap(),
            subject: "keeper".parse().unwrap(),
            angles: TWELVE.to_vec(),
            resolution: Resolution::Standard,
            description: Some("a lighthouse keeper".to_owned()),
            reroll_budget: None,
            tuning: Tuning::default(),
        }),
        ..job(12)
    };
    let template = Template::chosen("profile-character", "isle/keeper", &Wording::default()).reference();
    let from = |angle: &u16| {
        let shot = state(*angle);
        let recipe = Recipe { angle: Some(*angle), template: template.clone(), ..shot.recipe.clone() };
        Shot { attempts: Vec::new(), recipe, ..shot }
    };
    (profile, TWELVE.iter().map(from).collect())
}

#[test]
fn what_a_profile_has_when_it_is_taken_back_is_a_part_of_it() {
    let end = |by, angle_state: &dyn Fn(u16) -> Shot| {
        let (profile, shots) = profile(angle_state);
        let ended = profile.cancel_requested(by, at(20)).unwrap();
        let ended = ended.finish(&shots, &Verified::default(), at(60)).unwrap();
        let views = match ended.collection_change(&shots, at(60)) {
            CollectionChange::Made(collection) => collection.views.len(),
            CollectionChange::None | CollectionChange::Replaced { .. } => 0,
        };
        (ended.status(&shots), ended.failure().map(|failure| failure.code), views)
    };
    let until = |last: u16, then: fn() -> Shot| move |angle| if angle < last { stored(CENT) } else { then() };
    for (by, code) in [(CanceledBy::Caller, FailureCode::Canceled), (CanceledBy::Deadline, FailureCode::Deadline)] {
        assert_eq!(end(by, &until(30, canceled)), (JobStatus::Partial, Some(code), 1));
        assert_eq!(end(by, &until(210, canceled)), (JobStatus::Partial, Some(code), 7));
    }
    assert_eq!(end(CanceledBy::Caller, &until(0, canceled)), (JobStatus::Canceled, None, 0));
    // None of its shots was left to cancel, but the smaller profile is not tried any more.
    let failed = until(210, failed);
    assert_eq!(end(CanceledBy::Caller, &failed), (JobStatus::Partial, Some(FailureCode::GenerationTimeout), 7));
}

#[test]
fn nothing_else_is_tried_for_a_job_that_is_taken_back() {
    let (profile, shots) = profile(|_| failed());
    assert_eq!(profile.tried_otherwise(&shots, at(60)).unwrap().1.len(), 8);
    assert_eq!(profile.cancel_requested(CanceledBy::Caller, at(50)).unwrap().tried_otherwise(&shots, at(60)), None);
}

#[test]
fn an_open_jobs_status_is_read_off_its_shots() {
    assert_eq!(job(2).status(&[waiting(), waiting()]), JobStatus::Queued);
    assert_eq!(job(2).status(&[waiting(), submitting()]), JobStatus::Processing);
    // Also while the first shot pauses before its second attempt, and while the end is not written yet.
    let pausing = Shot { state: ShotState::Waiting { not_before: Some(at(5)) }, ..failed() };
    assert_eq!(job(2).status(&[pausing, waiting()]), JobStatus::Processing);
    assert_eq!(job(2).status(&[stored(CENT), failed()]), JobStatus::Processing);
    assert_eq!((job(2).ending(), job(2).failure()), (None, None));
}

#[test]
fn a_jobs_progress_is_its_shots_average_and_100_only_at_the_end() {
    assert_eq!(job(2).progress(&[waiting(), waiting()]), 0);
    assert_eq!(job(2).progress(&[waiting(), submitting()]), 5);
    assert_eq!(job(3).progress(&[stored(CENT), submitting(), waiting()]), 36);
    let settled = [stored(CENT), failed(), canceled()];
    for shots in 0..=3 {
        assert_eq!(job(shots).progress(&settled), 99, "{shots}");
    }
    assert_eq!(job(0).progress(&[]), 0);
    for ended in one_of_each().into_iter().skip(1) {
        assert_eq!(ended.progress(&[waiting()]), 100);
    }
}

#[test]
fn an_ended_jobs_status_and_failure_are_written_down() {
    let statuses: Vec<_> = one_of_each().iter().map(|job| json!(job.status(&[waiting()]))).collect();
    assert_eq!(statuses, ["queued", "completed", "partial", "failed", "canceled"]);
    let failures: Vec<_> = one_of_each().iter().map(|job| job.failure().cloned()).collect();
    assert_eq!(failures, [None, None, Some(timeout()), Some(timeout()), None]);
}

#[test]
fn every_state_survives_the_table_and_json() {
    for job in one_of_each() {
        let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(&job).unwrap();
        assert_eq!(serde_dynamo::from_item::<_, Job>(item).unwrap(), job);
        let json = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&json).unwrap(), job);
    }
}

#[test]
fn the_stored_shape_stays() {
    let states: Vec<Value> = one_of_each()
        .into_iter()
        .map(|job| {
            let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(job).unwrap();
            serde_dynamo::from_item::<_, Value>(item).unwrap()["state"].clone()
        })
        .collect();
    let failure = json!({ "code": "generation_timeout", "detail": "too slow" });
    let ending = |cost: Option<u64>| json!({ "at": "2026-11-21T07:01:00Z", "cost": cost });
    let expected = [
        json!({ "open": { "check_at": "2026-11-21T07:02:00Z" } }),
        json!({ "completed": ending(Some(10_000)) }),
        json!({ "partial": [ending(None), failure] }),
        json!({ "failed": [ending(Some(10_000)), failure] }),
        json!({ "canceled": ending(Some(0)) }),
    ];
    assert_eq!(states, expected);
}
