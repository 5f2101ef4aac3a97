//! Fitting from which side a figure is seen: what all fits of it share.

use std::collections::{BTreeMap, BTreeSet};

use likeness_vision::consistency::{Course, Orientation, Sides, likelihoods};

use super::logistic::rounded;

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

const ROUNDS: usize = 400;
const RATE: f64 = 0.4;

/// Against the master, at 0, 30, ... 180; a picture from the left is a mirrored one from the right.
pub(crate) fn measures(views: &[Turned<'_>]) -> BTreeMap<String, Course> {
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

/// Against other views, by the degrees between.
pub(crate) fn profiles(views: &[Turned<'_>]) -> BTreeMap<String, Course> {
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

/// Weights with which the true side becomes the likeliest of twelve: a softmax over what the measures say.
pub(crate) fn ballot(orientation: &Orientation, samples: &[(Sides, &Turned<'_>)]) -> BTreeMap<String, f64> {
    let known = samples.iter().flat_map(|(sides, _)| likelihoods(orientation, sides, 0).into_keys());
    let names: Vec<String> = known.collect::<BTreeSet<String>>().into_iter().collect();
    let rows: Vec<Row> = samples
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
    let weights = softmax(&rows, names.len());
    names.into_iter().zip(weights.into_iter().map(rounded)).filter(|(_, weight)| *weight > 0.0).collect()
}

/// What each measure says of each of twelve sides, which of them is true, and how much that counts.
type Row = (Vec<Vec<f64>>, usize, f64);

/// Weights of 0 or more with which the true side becomes the likeliest.
fn softmax(rows: &[Row], count: usize) -> Vec<f64> {
    let all_weights: f64 = rows.iter().map(|(.., weight)| weight).sum();
    let mut weights = vec![0.5; count];
    for _ in 0..ROUNDS {
        let mut slope = vec![0.0; count];
        for (said, truth, weight) in rows {
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
    weights
}
