//! What a profile that ended lacks, and what may still be spent on it when it is opened again.

use super::{EIGHT, Profile, made};
use crate::{quote::Line, shot::Shot};

impl Profile {
    /// One shot for each angle that was asked for and has no image: the first. What the smaller profile lacks besides
    /// would be shown by nothing once these are there.
    pub(in crate::kind) fn missing<'a>(&self, shots: &'a [Shot]) -> Vec<&'a Shot> {
        let mut there = made(shots);
        let mut lacks_one = |angle| self.angles.contains(&angle) && there.insert(angle);
        let lacks = |shot: &&Shot| shot.made_nothing() && shot.recipe.angle.is_some_and(&mut lacks_one);
        shots.iter().filter(lacks).collect()
    }

    /// The smaller profile, where it was not tried yet, and making again what does not match.
    pub(in crate::kind) fn may_follow(&self, shots: &[Shot]) -> Option<Line> {
        let each = Line::of(shots.first()?.asked());
        let smaller = self.may_be_simplified() && !self.was_simplified(shots);
        let smaller = if smaller { EIGHT.len() as u64 } else { 0 };
        let again = self.may_be_made_again(each.cost()?);
        Some(each.times(smaller + again))
    }
}

#[cfg(test)]
mod tests {
    use crate::kind::profile::{
        EIGHT, TWELVE,
        tests::{plan, profile, settled},
    };

    fn ids(shots: &[&crate::shot::Shot]) -> Vec<u16> {
        shots.iter().map(|shot| shot.id.ordinal).collect()
    }

    #[test]
    fn an_angle_is_missing_once_and_only_while_it_has_no_image() {
        let mut profile = profile(&TWELVE);
        let plan = plan(&mut profile);
        let five = settled(&plan.recipes, &[0, 30, 60, 90, 120], 0);
        assert_eq!(ids(&profile.missing(&five)), [0, 1, 2, 3, 4]);
        assert_eq!(profile.may_follow(&five).unwrap().cost().unwrap().micros(), 8 * 40_000);
        // The smaller profile brought 90, and failed at 0 and 45.
        let more = profile.simplified(&five, &plan.storage_plan);
        let all: Vec<_> = five.into_iter().chain(settled(&more, &[0, 45], 12)).collect();
        let (missing, angles) = (profile.missing(&all), |id: u16| all[usize::from(id)].recipe.angle.unwrap());
        assert_eq!(ids(&missing).into_iter().map(angles).collect::<Vec<_>>(), [0, 30, 60, 120]);
        assert_eq!(ids(&missing)[0], 0, "not both of the angle 0");
        assert_eq!(profile.may_follow(&all).unwrap().cost().unwrap().micros(), 0, "there is no third try");
        assert!(profile.missing(&settled(&plan.recipes, &[], 0)).is_empty());
        // Once the retry has brought them the result shows what was asked for, not the smaller profile.
        let more = profile.simplified(&settled(&plan.recipes, &[30, 60, 120, 150, 210], 0), &plan.storage_plan);
        let eight: Vec<_> =
            settled(&plan.recipes, &[30, 60, 120, 150, 210], 0).into_iter().chain(settled(&more, &[], 12)).collect();
        assert_eq!(profile.shown(&eight), EIGHT);
        let done: Vec<_> = settled(&plan.recipes, &[], 0).into_iter().chain(settled(&more, &[], 12)).collect();
        assert_eq!((profile.shown(&done), profile.warning(&done)), (TWELVE.to_vec(), None));
        assert_eq!(EIGHT.len(), 8);
    }
}
