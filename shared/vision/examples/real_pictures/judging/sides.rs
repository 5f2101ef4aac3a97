//! Bringing the fitted sides to real pictures: how much what was learnt from drawn figures counts, and what counts
//! beside it.

use std::collections::BTreeSet;

use likeness_vision::consistency::{Ballot, Orientation, Sides, doubt, likelihoods};

use super::logistic::{quantile, rounded};
use super::turning::{Row, Turned, measures, softmax};

/// `base`, brought to other pictures than it was fitted to: how much its measures count together, and how much those that it
/// does not weigh do beside them. For large sets, small ones, and the master alone.
pub(crate) fn adjusted(base: &Orientation, views: &[Turned<'_>], is_few: impl Fn(&Sides) -> bool) -> Orientation {
    let mut fitted = base.clone();
    for (name, course) in measures(views) {
        fitted.measures.entry(name).or_insert(course);
    }
    let known = |view: &&Turned<'_>| view.others_right && !view.sides.others.is_empty();
    let seen: Vec<(Sides, &Turned<'_>)> =
        views.iter().filter(|view| known(view)).map(|view| (view.sides.clone(), view)).collect();
    let (few, many): (Vec<_>, Vec<_>) = seen.into_iter().partition(|(sides, _)| is_few(sides));
    fitted.company = rebalanced(&fitted, &base.company, &many, MAY_BE_DOUBTED_REAL);
    fitted.few = Some(rebalanced(&fitted, base.few.as_ref().unwrap_or(&base.company), &few, MAY_BE_DOUBTED_REAL));
    fitted
}

/// Of right views of real pictures, how many may be called wrong.
const MAY_BE_DOUBTED_REAL: f64 = 0.01;

fn rebalanced(orientation: &Orientation, base: &Ballot, samples: &[(Sides, &Turned<'_>)], may: f64) -> Ballot {
    if samples.is_empty() {
        return base.clone();
    }
    let known = samples.iter().flat_map(|(sides, _)| likelihoods(orientation, sides, 0).into_keys());
    let new: BTreeSet<String> = known.filter(|name| !base.weights.contains_key(name) && is_new(name)).collect();
    let of = |sides: &Sides, angle: u16| {
        let all = likelihoods(orientation, sides, angle);
        let voted = base.weights.iter().map(|(name, weight)| weight * all.get(name).copied().unwrap_or(0.0)).sum();
        std::iter::once(voted).chain(new.iter().map(|name| all.get(name).copied().unwrap_or(0.0))).collect()
    };
    let rows: Vec<Row> = samples
        .iter()
        .filter(|(_, view)| view.side.is_multiple_of(30))
        .map(|(sides, view)| {
            let said = (0..12).map(|step| of(sides, step * 30)).collect();
            (said, usize::from(view.side / 30), view.weight)
        })
        .collect();
    let factors = softmax(&rows, new.len() + 1);
    let mut ballot = base.clone();
    ballot.weights.values_mut().for_each(|weight| *weight = rounded(*weight * factors[0]));
    ballot.weights.extend(new.into_iter().zip(factors[1..].iter().map(|factor| rounded(*factor))));
    let mut trial = orientation.clone();
    (trial.company, trial.few) = (ballot.clone(), None);
    let right = samples.iter().filter(|(_, view)| view.right);
    let doubts = right.map(|(sides, view)| doubt(&trial, sides, view.claimed)).collect();
    ballot.threshold = rounded(quantile(doubts, 1.0 - may));
    ballot
}

/// What a model of drawn figures has not weighed.
fn is_new(name: &str) -> bool {
    matches!(name, "roll" | "rollMaster" | "sideFront" | "sideBack")
}
