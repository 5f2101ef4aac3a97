//! A job and its shots, whatever happens to them in whatever order: it ends once, and costs what its shots come to.

use proptest::prelude::*;

use super::{tests::job, *};
use crate::{
    fal_error::FalErrorKind,
    image_ref::ImageRef,
    kind::{
        Material, Profile, Tuning,
        master::tests::planned,
        profile::{Resolution, TWELVE},
    },
    lane::Lane,
    quote::bound,
    shot::{
        Rank,
        properties::{Came, Step, Traced, step, waiting},
    },
};

/// What happens to a job.
#[derive(Debug, Clone)]
enum Happening {
    /// To one of its shots.
    Shot(prop::sample::Index, Step),
    /// The caller takes it back.
    TakesBack,
    /// The reconciler looks at it.
    Checks(bool),
    /// Ingest looks whether it is over.
    Finishes,
    /// The caller has what is missing tried again.
    Retries,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let shot = (any::<prop::sample::Index>(), step());
    let happening = prop_oneof![
        40 => shot.prop_map(|(shot, step)| Happening::Shot(shot, step)),
        1 => Just(Happening::TakesBack),
        2 => any::<bool>().prop_map(Happening::Checks),
        4 => Just(Happening::Finishes),
        1 => Just(Happening::Retries),
    ];
    prop::collection::vec(happening, 0..160)
}

fn cost(job: &Job) -> Option<Usd> {
    job.ending().and_then(|ending| ending.cost)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_job_ends_once_and_costs_what_its_shots_come_to(
        shots in prop::collection::vec(waiting(), 1..4), happenings in happenings(),
    ) {
        let mut job = job(u16::try_from(shots.len()).unwrap());
        let numbered = shots.into_iter().zip(0..).map(|(shot, number)| Shot { id: job.id.shot(number), ..shot });
        let mut shots: Vec<Traced> = numbered.map(Traced::new).collect();
        let mut reserved: Option<Usd> = shots.iter().map(|traced| bound(traced.shot.asked())).sum();
        for happening in &happenings {
            let before = job.clone();
            match happening {
                Happening::Shot(which, step) => {
                    let which = which.index(shots.len());
                    // As admission has it: nothing more is sent for a job that was taken back.
                    let step = match step {
                        Step::Claim if job.is_cancel_requested() => &Step::Canceled,
                        // Shots are opened again with their job.
                        Step::Reopened => &Step::Passes(0),
                        step => step,
                    };
                    shots[which].take(step);
                }
                Happening::TakesBack => job = job.clone().cancel_requested(CanceledBy::Caller, shots[0].now).unwrap_or(job),
                Happening::Retries => {
                    let plain: Vec<Shot> = shots.iter().map(|traced| traced.shot.clone()).collect();
                    shots[0].now += SignedDuration::from_secs(1);
                    if let Ok((open, waiting)) = job.reopened(&plain, 9, None, shots[0].now) {
                        prop_assert!(before.ending().is_some() && open.ending().is_none());
                        for shot in waiting {
                            let place = usize::from(shot.id.ordinal);
                            shots[place].shot = shot;
                        }
                        (reserved, job) = (open.reserved, open);
                    }
                }
                Happening::Checks(missed) => job = job.clone().checked(*missed, shots[0].now).unwrap_or(job),
                Happening::Finishes => {
                    let plain: Vec<Shot> = shots.iter().map(|traced| traced.shot.clone()).collect();
                    let over = plain.iter().all(Shot::is_settled);
                    match job.clone().finish(&plain, &Verified::default(), shots[0].now) {
                        Ok(ended) => {
                            prop_assert!(over && before.ending().is_none(), "it ended too early or twice");
                            let billed = plain.iter().map(Shot::charge).sum::<Option<Usd>>();
                            prop_assert_eq!(ended.ending().map(|ending| ending.cost.map(|cost| cost + ending.beyond)), Some(billed));
                            prop_assert!(reserved.is_none() || cost(&ended) <= reserved, "{:?} of {reserved:?}", cost(&ended));
                            let made: usize = plain.iter().map(|shot| shot.media().len()).sum();
                            prop_assert_eq!(ended.status(&plain).is_usable(), made > 0);
                            job = ended;
                        }
                        Err(NotFinished::Running) => prop_assert!(!over && before.ending().is_none()),
                        Err(NotFinished::AlreadyDone) => prop_assert!(before.ending().is_some()),
                    }
                }
            }
            if before.ending().is_some() && before.retried_at == job.retried_at {
                prop_assert_eq!(&before, &job, "an ended job changed");
            }
            prop_assert!(!before.is_cancel_requested() || job.is_cancel_requested() || job.ending().is_some());
            let plain: Vec<Shot> = shots.iter().map(|traced| traced.shot.clone()).collect();
            prop_assert_eq!(job.progress(&plain) == 100, job.ending().is_some());
        }
    }

    /// A profile is extended by smaller ones and by tries anew; what it settles for stays within what was reserved.
    #[test]
    fn a_profile_never_costs_more_than_its_quote(
        budget in prop::option::of(0..2_000_000_u64), twelve in any::<bool>(),
        fates in prop::collection::vec((0..4_u8, any::<bool>(), 0.0..1.0_f64), 96),
    ) {
        let mut kind = Kind::Profile(Profile {
            master: ImageRef::Url("https://images.example.com/keeper.png".to_owned()),
            subject: "keeper".parse().unwrap(),
            angles: if twelve { TWELVE.to_vec() } else { vec![0, 10, 20, 200] },
            resolution: Resolution::Standard,
            description: Some("a lighthouse keeper".to_owned()),
            reroll_budget: budget.map(Usd::from_micros),
            tuning: Tuning { seed: Some(7), ..Tuning::default() },
        });
        let plan = planned(|setting| kind.plan(&Material::default(), setting)).unwrap();
        let mut job = Job { kind, storage_plan: plan.storage_plan, reserved: plan.quote, ..job(u16::try_from(plan.recipes.len()).unwrap()) };
        let first = &plan.recipes;
        let rank = Rank { priority: 1, turn: 0 };
        let lane = Lane::Profile;
        let shot = |(recipe, number): (&Recipe, u16)| Shot::new(job.id.shot(number), job.project.clone(), lane, rank, recipe.clone());
        let mut shots: Vec<Shot> = first.iter().zip(0..).map(shot).collect();
        let (mut judged, mut rounds) = (Vec::new(), 0);
        loop {
            for shot in shots.iter_mut().filter(|shot| !shot.is_settled()) {
                let (fate, passed, score) = fates[usize::from(shot.id.ordinal)];
                *shot = settled(shot.clone(), fate);
                judged.push(Judged { shot: shot.id.ordinal, passed, score: (fate != 3).then_some(score) });
            }
            let next = job.tried_otherwise(&shots, job.created_at).or_else(|| job.rerolled(&shots, &judged, job.created_at));
            let Some((longer, more)) = next else { break };
            prop_assert!(!more.is_empty() && longer.shots as usize == shots.len() + more.len());
            (job, rounds) = (longer, rounds + 1);
            shots.extend(more);
            prop_assert!(rounds <= 8 && shots.len() <= 96, "{rounds} rounds, {} shots", shots.len());
        }
        let job = job.finish(&shots, &Verified::default(), Timestamp::UNIX_EPOCH).unwrap();
        prop_assert!(cost(&job) <= job.reserved, "{:?} of {:?}", cost(&job), job.reserved);
    }
}

/// After one attempt: refused by fal, unusable but billed, or stored.
fn settled(shot: Shot, fate: u8) -> Shot {
    let mut traced = Traced::new(shot);
    let image = Came::Images { images: 1, flagged: 0 };
    traced.take(&Step::Claim);
    match fate {
        0 => traced.come(&Came::Error(FalErrorKind::InvalidInput, None)),
        1 => {
            traced.come(&image);
            traced.take(&Step::Unusable(FailureCode::CorruptImage));
        }
        _ => {
            traced.come(&image);
            let media = vec![traced.shot.id.media(0)];
            traced.shot = traced.shot.stored(media, None).unwrap();
        }
    }
    traced.shot
}
