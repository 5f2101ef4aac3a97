//! Angles that do not match are made again, with other seeds, while there is money for it; the best of each is shown.

use super::Profile;
use crate::{
    failure::{Failure, FailureCode},
    money::Usd,
    quote::bound,
    recipe::Recipe,
    report::Judged,
    shot::Shot,
};

/// How often an angle is made again at most.
pub const MAX_REROLLS: usize = 2;

/// How far apart the seeds of an angle's tries are. The first try of a neighbour never has the same one.
const SEED_STEP: u64 = 7919;

impl Profile {
    /// The shot of each angle in the result: of those that brought an image the one that matches best, and of equals
    /// the first.
    #[must_use]
    pub fn chosen<'a>(&self, shots: &'a [Shot], judged: &[Judged]) -> Vec<&'a Shot> {
        let best = |angle: u16| {
            let made = tries(shots, angle).filter(|shot| !shot.media().is_empty());
            // Of those that cannot be judged the first: another one of the kind says nothing for itself.
            made.reduce(|best, next| if worth(next, judged) > worth(best, judged) { next } else { best })
        };
        self.shown(shots).into_iter().filter_map(best).collect()
    }

    /// The newest image of each angle in the result: what is to be judged next.
    #[must_use]
    pub fn newest<'a>(&self, shots: &'a [Shot]) -> Vec<&'a Shot> {
        let newest = |angle: u16| tries(shots, angle).filter(|shot| !shot.media().is_empty()).last();
        self.shown(shots).into_iter().filter_map(newest).collect()
    }

    /// Another try for each angle that fails, the worst first, as far as the money goes.
    pub(in crate::kind) fn rerolls(&self, shots: &[Shot], judged: &[Judged]) -> Vec<Recipe> {
        let Some(mut left) = self.money_left(shots) else { return Vec::new() };
        let mut failing: Vec<&Shot> =
            self.chosen(shots, judged).into_iter().filter(|shot| fails(shot, judged)).collect();
        failing.sort_by(|a, b| worth(a, judged).1.total_cmp(&worth(b, judged).1));
        let mut recipes = Vec::new();
        for shot in failing {
            let Some(angle) = shot.recipe.angle else { continue };
            let again = made_again(shots, angle).count();
            // Without a price there is no saying what it leaves.
            let Some(price) = bound(shot.asked()) else { continue };
            if again >= MAX_REROLLS || price > left {
                continue;
            }
            left = left - price;
            let Some(first) = tries(shots, angle).next().map(Shot::asked) else { continue };
            recipes.push(Recipe { seed: other_seed(first.seed, again + 1), ..first.clone() });
        }
        recipes
    }

    /// The budget, where there is one: nothing granted is nothing asked for.
    fn granted(&self) -> Option<Usd> {
        self.reroll_budget.filter(|budget| *budget > Usd::ZERO)
    }

    /// What is left of the budget; `None` where no other try was asked for.
    fn money_left(&self, shots: &[Shot]) -> Option<Usd> {
        let budget = self.granted()?;
        let again = self.shown(shots).into_iter().flat_map(|angle| made_again(shots, angle));
        // One whose cost is unknown may have cost all of it.
        let spent: Option<Usd> = again.map(Shot::charge).sum();
        Some(budget - spent.unwrap_or(budget))
    }

    pub(in crate::kind) fn inconsistency(&self, shots: &[Shot], judged: &[Judged]) -> Option<Failure> {
        self.granted()?;
        let chosen = self.chosen(shots, judged);
        let failing = chosen.iter().filter(|shot| fails(shot, judged));
        let failing: Vec<String> =
            failing.filter_map(|shot| shot.recipe.angle).map(|angle| format!("{angle}°")).collect();
        if failing.is_empty() {
            return None;
        }
        let detail = format!(
            "{} of {} angles do not match the master, after {} other tries: {}",
            failing.len(),
            chosen.len(),
            self.shown(shots).into_iter().flat_map(|angle| made_again(shots, angle)).count(),
            failing.join(", ")
        );
        Some(Failure::new(FailureCode::Inconsistent, detail))
    }
}

/// The shots of an angle, oldest first.
fn tries(shots: &[Shot], angle: u16) -> impl Iterator<Item = &Shot> {
    shots.iter().filter(move |shot| shot.recipe.angle == Some(angle))
}

/// The shots of an angle after the first that brought an image: it was made again. (One that failed is tried again
/// without that, by the smaller profile.)
fn made_again(shots: &[Shot], angle: u16) -> impl Iterator<Item = &Shot> {
    tries(shots, angle).skip_while(|shot| shot.media().is_empty()).skip(1)
}

fn judgement<'a>(shot: &Shot, judged: &'a [Judged]) -> Option<&'a Judged> {
    judged.iter().find(|judged| judged.shot == shot.id.ordinal)
}

fn fails(shot: &Shot, judged: &[Judged]) -> bool {
    judgement(shot, judged).is_some_and(|judged| !judged.passed)
}

/// How it ranks, and its score: what passed, what failed, and what could not be judged, as that may be anything.
fn worth(shot: &Shot, judged: &[Judged]) -> (u8, f64) {
    match judgement(shot, judged) {
        Some(Judged { passed: true, score: Some(score), .. }) => (2, *score),
        Some(Judged { passed: false, score, .. }) => (1, score.unwrap_or(0.0)),
        Some(Judged { passed: true, score: None, .. }) | None => (0, 0.0),
    }
}

/// Within 32 bits, as the first ones of ours are; never the first.
fn other_seed(first: u64, again: usize) -> u64 {
    first.wrapping_add(SEED_STEP * again as u64) % u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kind::profile::{
            TWELVE,
            tests::{plan, profile, settled},
        },
        shot::{Attempt, AttemptOutcome},
    };

    const PRICE: u64 = 40_000;

    fn judged(shot: u16, passed: bool, score: f64) -> Judged {
        Judged { shot, passed, score: Some(score) }
    }

    /// All twelve made, each billed once.
    fn twelve(budget: u64) -> (Profile, Vec<Shot>) {
        let mut profile = Profile { reroll_budget: Some(Usd::from_micros(budget)), ..profile(&TWELVE) };
        let plan = plan(&mut profile);
        let shots = settled(&plan.recipes, &[], 0).into_iter().map(paid).collect();
        (profile, shots)
    }

    fn paid(shot: Shot) -> Shot {
        let attempt = Attempt {
            number: 1,
            recipe: shot.recipe.clone(),
            nonce: "n".to_owned(),
            started_at: "2026-11-21T07:00:00Z".parse().unwrap(),
            request_id: None,
            outcome: AttemptOutcome::Delivered,
            provider_cost: Some(Usd::from_micros(PRICE)),
            refused: Usd::ZERO,
            paid_twice: false,
            left_at_fal: false,
            surplus: 0,
            categories: Vec::new(),
        };
        Shot { attempts: vec![attempt], ..shot }
    }

    #[test]
    fn only_what_fails_is_made_again_with_another_seed() {
        let (profile, shots) = twelve(8 * PRICE);
        let verdict = [judged(2, false, 0.5), judged(5, false, 0.2), judged(7, true, 0.8)];
        let again = profile.rerolls(&shots, &verdict);
        assert_eq!(again.iter().map(|recipe| recipe.angle.unwrap()).collect::<Vec<_>>(), [150, 60], "the worst first");
        assert!(again.iter().all(|recipe| recipe.seed != 7), "another seed");
        assert!(profile.rerolls(&shots, &[judged(7, true, 0.8)]).is_empty());
        let unasked = Profile { reroll_budget: None, ..profile };
        assert!(unasked.rerolls(&shots, &verdict).is_empty() && unasked.inconsistency(&shots, &verdict).is_none());
    }

    #[test]
    fn the_budget_is_kept_over_all_rounds() {
        let (profile, mut shots) = twelve(3 * PRICE);
        let mut verdict = vec![judged(2, false, 0.5), judged(5, false, 0.2)];
        let first = profile.rerolls(&shots, &verdict);
        assert_eq!(first.len(), 2);
        shots.extend(settled(&first, &[], 12).into_iter().map(paid));
        verdict.extend([judged(12, false, 0.3), judged(13, false, 0.4)]);
        let second = profile.rerolls(&shots, &verdict);
        assert_eq!(second.iter().map(|recipe| recipe.angle.unwrap()).collect::<Vec<_>>(), [150], "money for one");
        assert!(second[0].seed != first[0].seed && second[0].seed != 7);
        let detail = profile.inconsistency(&shots, &verdict).unwrap().detail;
        assert_eq!(detail, "2 of 12 angles do not match the master, after 2 other tries: 60°, 150°");
    }

    #[test]
    fn an_angle_is_made_again_twice_at_most_and_the_best_is_shown() {
        let (profile, mut shots) = twelve(100 * PRICE);
        let mut verdict = vec![judged(2, false, 0.5)];
        for (round, score) in [0.6, 0.4].into_iter().enumerate() {
            let again = profile.rerolls(&shots, &verdict);
            assert_eq!(again.len(), 1);
            let ordinal = 12 + u16::try_from(round).unwrap();
            shots.extend(settled(&again, &[], ordinal).into_iter().map(paid));
            verdict.push(judged(ordinal, false, score));
        }
        assert!(profile.rerolls(&shots, &verdict).is_empty());
        assert_eq!(profile.chosen(&shots, &verdict)[2].id.ordinal, 12, "0.6 is the best of three");
        assert_eq!(profile.newest(&shots)[2].id.ordinal, 13);
        assert!(!profile.was_simplified(&shots), "it is no smaller profile");
    }

    #[test]
    fn a_try_that_cannot_be_judged_takes_no_failures_place() {
        let (profile, mut shots) = twelve(100 * PRICE);
        let mut verdict = vec![judged(2, false, 0.69)];
        let again = profile.rerolls(&shots, &verdict);
        shots.extend(settled(&again, &[], 12).into_iter().map(paid));
        verdict.push(Judged { shot: 12, passed: true, score: None });
        assert_eq!(profile.chosen(&shots, &verdict)[2].id.ordinal, 2);
        assert_eq!(profile.rerolls(&shots, &verdict).len(), 1, "once more");
        assert!(profile.inconsistency(&shots, &verdict).is_some());
    }

    #[test]
    fn what_failed_and_was_made_by_the_smaller_profile_is_no_reroll() {
        let (profile, mut shots) = twelve(2 * PRICE);
        // 0 degrees failed at fal; the second shot of that angle is the first with an image.
        shots[0] = settled(&[shots[0].recipe.clone()], &[0], 0).remove(0);
        shots.extend(settled(&[shots[0].recipe.clone()], &[], 12).into_iter().map(paid));
        let mut verdict = vec![judged(12, false, 0.2)];
        for ordinal in [13, 14] {
            let again = profile.rerolls(&shots, &verdict);
            assert_eq!(again.len(), 1, "{ordinal}");
            shots.extend(settled(&again, &[], ordinal).into_iter().map(paid));
            verdict.push(judged(ordinal, false, 0.3));
        }
        assert!(profile.rerolls(&shots, &verdict).is_empty());
    }
}
