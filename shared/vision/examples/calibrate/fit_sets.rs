//! Fitting what is said of a view in its set: the models of three checks, and the side from which it is seen.

use std::collections::BTreeMap;

use likeness_vision::consistency::{Course, Model, Orientation, Sides, doubt, likelihoods};

use crate::cast::Check;
use crate::fit::{LEAST_SCALE, model, quantile, rounded};
use crate::sets::{Fault, View};

/// Of right views in sets, how many may fail one check: a set has many views, and each that fails costs an attempt.
const MAY_FAIL: f64 = 0.0015;
/// Of right views, how many may be called wrong; with company, and by the master alone.
const MAY_BE_DOUBTED: f64 = 0.0015;
const MAY_BE_DOUBTED_ALONE: f64 = 0.008;
/// The measure that all views of a set share.
const DRIFT: &str = "drift";
const ROUNDS: usize = 400;
const RATE: f64 = 0.4;

pub(crate) fn checks(views: &[View]) -> BTreeMap<String, Model> {
    let meant = [("color", Check::Color), ("proportion", Check::Proportion), ("style", Check::Style)];
    let fitted = |(name, check): (&str, Check)| {
        let of = |drift: bool, wanted: &dyn Fn(&View) -> bool| -> Vec<BTreeMap<String, f64>> {
            let own = |measures: &BTreeMap<String, f64>| {
                measures.iter().filter(|(name, _)| drift == (*name == DRIFT)).map(|(n, v)| (n.clone(), *v)).collect()
            };
            views
                .iter()
                .filter(|view| wanted(view))
                .filter_map(|view| view.measures.checks.get(name))
                .map(own)
                .collect()
        };
        [false, true].map(|drift| {
            let right = of(drift, &|view| view.fault.is_none());
            let bad = |view: &View| view.fault.and_then(Fault::check) == Some(check);
            let wrong = of(drift, &|view| view.drifted == drift && bad(view));
            let name = if drift { format!("{name}.{DRIFT}") } else { name.to_owned() };
            let (right, wrong): (Vec<_>, Vec<_>) = (right.iter().collect(), wrong.iter().collect());
            (name, model(&right, &wrong, MAY_FAIL, LEAST_SCALE))
        })
    };
    meant.into_iter().flat_map(fitted).collect()
}

pub(crate) fn orientation(views: &[View]) -> Orientation {
    // Another style or other proportions are another check's matter.
    let sided: Vec<&View> =
        views.iter().filter(|view| view.fault.is_none_or(|fault| fault.check().is_none())).collect();
    let mut fitted = Orientation { measures: measures(&sided), profiles: profiles(&sided), ..Orientation::default() };
    let alone: Vec<(Sides, &View)> =
        sided.iter().map(|view| (Sides { others: BTreeMap::new(), ..view.measures.sides.clone() }, *view)).collect();
    let company: Vec<(Sides, &View)> = sided
        .iter()
        .filter(|view| !view.measures.sides.others.is_empty())
        .map(|view| (view.measures.sides.clone(), *view))
        .collect();
    fitted.alone.weights = ballot(&fitted, &alone);
    fitted.company.weights = ballot(&fitted, &company);
    let doubts = |samples: &[(Sides, &View)]| {
        let right = samples.iter().filter(|(_, view)| view.fault.is_none());
        right.map(|(sides, view)| doubt(&fitted, sides, view.claimed)).collect::<Vec<f64>>()
    };
    let thresholds =
        [quantile(doubts(&alone), 1.0 - MAY_BE_DOUBTED_ALONE), quantile(doubts(&company), 1.0 - MAY_BE_DOUBTED)];
    fitted.alone.threshold = rounded(thresholds[0]);
    fitted.company.threshold = rounded(thresholds[1]);
    fitted
}

/// Against the master, at 0, 30, ... 180; a picture from the left is a mirrored one from the right.
fn measures(views: &[&View]) -> BTreeMap<String, Course> {
    let mut values: BTreeMap<&String, Vec<(u16, f64)>> = BTreeMap::new();
    for view in views {
        for (name, value) in &view.measures.sides.master {
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
fn profiles(views: &[&View]) -> BTreeMap<String, Course> {
    let mut values: BTreeMap<&String, Vec<(u16, f64)>> = BTreeMap::new();
    for view in views.iter().filter(|view| view.others_right) {
        for (name, others) in &view.measures.sides.others {
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
fn ballot(orientation: &Orientation, samples: &[(Sides, &View)]) -> BTreeMap<String, f64> {
    let rows: Vec<(Vec<Vec<f64>>, usize)> = samples
        .iter()
        .filter(|(_, view)| view.side.is_multiple_of(30))
        .map(|(sides, view)| {
            let said = |step: u16| likelihoods(orientation, sides, step * 30).into_values().collect();
            ((0..12).map(said).collect(), usize::from(view.side / 30))
        })
        .collect();
    let Some((sides, _)) = samples.first() else { return BTreeMap::new() };
    let names: Vec<String> = likelihoods(orientation, sides, 0).into_keys().collect();
    let mut weights = vec![0.5; names.len()];
    for _ in 0..ROUNDS {
        let mut slope = vec![0.0; names.len()];
        for (said, truth) in &rows {
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
                    *slope += error * likely / rows.len() as f64;
                }
            }
        }
        for (weight, slope) in weights.iter_mut().zip(slope) {
            *weight = (*weight + RATE * (slope - 0.001 * *weight)).max(0.0);
        }
    }
    names.into_iter().zip(weights.into_iter().map(rounded)).filter(|(_, weight)| *weight > 0.0).collect()
}
