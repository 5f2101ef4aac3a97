//! Fitting from which side a figure is seen.

use std::collections::{BTreeMap, BTreeSet};

use likeness_vision::consistency::{Course, Orientation, Sides, doubt, likelihoods};

use super::logistic::{quantile, rounded};

/// A view with the side from which it is really seen.
pub(crate) struct Turned<'a> {
    pub(crate) sides: &'a Sides,
    pub(crate) side: u16,
    pub(crate) claimed: u16,
    /// The claim is true, and nothing else is wrong.
    pub(crate) right: bool,
    /// All others are what they claim to be.
    pub(crate) others_right: bool,
    /// How much it counts beside the others.
    pub(crate) weight: f64,
}

/// Of right views, how many may be called wrong; with company, and by the master alone.
const MAY_BE_DOUBTED: f64 = 0.0015;
const MAY_BE_DOUBTED_ALONE: f64 = 0.008;
const ROUNDS: usize = 400;
const RATE: f64 = 0.4;

pub(crate) fn orientation(views: &[Turned<'_>]) -> Orientation {
    let mut fitted = Orientation { measures: measures(views), profiles: profiles(views), ..Orientation::default() };
    let alone: Vec<(Sides, &Turned<'_>)> = views.iter().map(|view| (view.sides.alone(), view)).collect();
    let company: Vec<(Sides, &Turned<'_>)> =
        views.iter().filter(|view| !view.sides.others.is_empty()).map(|view| (view.sides.clone(), view)).collect();
    fitted.alone.weights = ballot(&fitted, &alone);
    fitted.company.weights = ballot(&fitted, &company);
    let doubts = |samples: &[(Sides, &Turned<'_>)]| {
        let right = samples.iter().filter(|(_, view)| view.right);
        right.map(|(sides, view)| doubt(&fitted, sides, view.claimed)).collect::<Vec<f64>>()
    };
    let thresholds =
        [quantile(doubts(&alone), 1.0 - MAY_BE_DOUBTED_ALONE), quantile(doubts(&company), 1.0 - MAY_BE_DOUBTED)];
    fitted.alone.threshold = rounded(thresholds[0]);
    fitted.company.threshold = rounded(thresholds[1]);
    fitted
}

/// Against the master, at 0, 30, ... 180; a picture from the left is a mirrored one from the right.
fn measures(views: &[Turned<'_>]) -> BTreeMap<String, Course> {
    let mut values: BTreeMap<&String, Vec<(u16, f64)>> = BTreeMap::new();
    for view in views {
        for (name, value) in &view.sides.master {
            let odd = name.starts_with("side");
            let sides = values.entry(name).or_default();
            if view.side <= 180 {
                sides.push((view.side, *value));
            }
            if view.side == 0 || view.side >= 180 {
                sides.push(((360 - view.side) % 360, if odd { -value } else { *value }));
            }
        }
    }
    values.into_iter().map(|(name, values)| (name.clone(), course(&values))).collect()
}

/// Against other views, by the degrees between.
fn profiles(views: &[Turned<'_>]) -> BTreeMap<String, Course> {
    let mut values: BTreeMap<&String, Vec<(u16, f64)>> = BTreeMap::new();
    for view in views.iter().filter(|view| view.others_right) {
        for (name, others) in &view.sides.others {
            let side = if name.ends_with("Mirrored") { 360 - view.side } else { view.side };
            let apart = |other: u16| {
                let turned = (i32::from(side) - i32::from(other)).rem_euclid(360);
                turned.min(360 - turned) as u16
            };
            values.entry(name).or_default().extend(others.iter().map(|(other, value)| (apart(*other), *value)));
        }
    }
    values.into_iter().map(|(name, values)| (name.clone(), course(&values))).collect()
}

fn course(values: &[(u16, f64)]) -> Course {
    let mut course = Course::default();
    for step in 0..7_u16 {
        let here: Vec<f64> = values.iter().filter(|(angle, _)| *angle == step * 30).map(|(_, value)| *value).collect();
        let mean = here.iter().sum::<f64>() / here.len().max(1) as f64;
        let variance = here.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / here.len().max(1) as f64;
        course.mean[usize::from(step)] = rounded(mean);
        course.deviation[usize::from(step)] = variance.sqrt();
    }
    // A measure that happens to be the same at one angle for all characters is not that certain.
    let usual = course.deviation.iter().sum::<f64>() / 7.0;
    course.deviation = course.deviation.map(|deviation| rounded(deviation.max(0.4 * usual)));
    course
}

/// Weights with which the true side becomes the likeliest of twelve: a softmax over what the measures say.
fn ballot(orientation: &Orientation, samples: &[(Sides, &Turned<'_>)]) -> BTreeMap<String, f64> {
    let known = samples.iter().flat_map(|(sides, _)| likelihoods(orientation, sides, 0).into_keys());
    let names: Vec<String> = known.collect::<BTreeSet<String>>().into_iter().collect();
    let rows: Vec<(Vec<Vec<f64>>, usize, f64)> = samples
        .iter()
        .filter(|(_, view)| view.side.is_multiple_of(30))
        .map(|(sides, view)| {
            let said = |step: u16| {
                let all = likelihoods(orientation, sides, step * 30);
                names.iter().map(|name| all.get(name).copied().unwrap_or(0.0)).collect()
            };
            ((0..12).map(said).collect(), usize::from(view.side / 30), view.weight)
        })
        .collect();
    let all_weights: f64 = rows.iter().map(|(.., weight)| weight).sum();
    let mut weights = vec![0.5; names.len()];
    for _ in 0..ROUNDS {
        let mut slope = vec![0.0; names.len()];
        for (said, truth, weight) in &rows {
            let votes: Vec<f64> = said
                .iter()
                .map(|said| said.iter().zip(&weights).map(|(likely, weight)| likely * weight).sum())
                .collect();
            let most = votes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let shares: Vec<f64> = votes.iter().map(|vote| (vote - most).exp()).collect();
            let all: f64 = shares.iter().sum();
            for (step, said) in said.iter().enumerate() {
                let error = f64::from(u8::from(step == *truth)) - shares[step] / all;
                for (slope, likely) in slope.iter_mut().zip(said) {
                    *slope += weight * error * likely / all_weights;
                }
            }
        }
        for (weight, slope) in weights.iter_mut().zip(slope) {
            *weight = (*weight + RATE * (slope - 0.001 * *weight)).max(0.0);
        }
    }
    names.into_iter().zip(weights.into_iter().map(rounded)).filter(|(_, weight)| *weight > 0.0).collect()
}
