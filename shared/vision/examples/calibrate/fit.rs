//! Fitting on the calibration half: plain gradient descent, and thresholds from its benign pairs.

use std::collections::BTreeMap;

use likeness_vision::consistency::{Course, Measure, Model, Orientation, Weights};

use crate::cast::Check;
use crate::samples::{Pair, Samples};
use crate::table;

/// Of the calibration half's benign pairs, how many may fail one check: four checks together then stay below 3 %.
const MAY_FAIL: f64 = 0.006;
/// Of the right angles, how many may be called wrong.
const MAY_BE_DOUBTED: f64 = 0.008;
const ROUNDS: usize = 1500;
const RATE: f64 = 0.5;
const SHRINK: f64 = 0.0005;

pub(crate) fn weights(samples: &Samples) -> Weights {
    let mut names: Vec<String> = samples.pairs.iter().flat_map(|pair| pair.measures.keys().cloned()).collect();
    names.sort();
    names.dedup();
    let checks = names.into_iter().map(|name| {
        let model = model(samples, &name);
        (name, model)
    });
    let mut weights = Weights { checks: checks.collect(), orientation: orientation(samples) };
    let doubts = table::doubts(samples, &weights, false);
    weights.orientation.threshold = quantile(doubts.right, 1.0 - MAY_BE_DOUBTED);
    weights
}

/// The defects that a check is there for.
pub(crate) fn meant(check: &str, pair: &Pair) -> bool {
    match pair.wrong {
        Some(Check::Color) => check.starts_with("color"),
        Some(Check::Proportion) => check.starts_with("proportion"),
        Some(Check::Features) => check.starts_with("features"),
        Some(Check::Style) => check.starts_with("style"),
        Some(Check::Everything) => !check.starts_with("style"),
        None => false,
    }
}

fn model(samples: &Samples, check: &str) -> Model {
    let of = |pair: &&Pair| !pair.test && pair.measures.contains_key(check);
    let benign: Vec<&BTreeMap<String, f64>> =
        samples.pairs.iter().filter(of).filter(|pair| pair.wrong.is_none()).map(|pair| &pair.measures[check]).collect();
    let wrong: Vec<&BTreeMap<String, f64>> =
        samples.pairs.iter().filter(of).filter(|pair| meant(check, pair)).map(|pair| &pair.measures[check]).collect();
    let names: Vec<&String> = benign[0].keys().collect();
    let scales: Vec<f64> = names
        .iter()
        .map(|name| (benign.iter().map(|measures| measures[*name]).sum::<f64>() / benign.len() as f64).max(1e-4))
        .collect();
    let row = |measures: &BTreeMap<String, f64>| -> Vec<f64> {
        names.iter().zip(&scales).map(|(name, scale)| (measures[*name] / scale).ln_1p()).collect()
    };
    let rows: Vec<(Vec<f64>, f64, f64)> = benign
        .iter()
        .map(|measures| (row(measures), 0.0, 0.5 / benign.len() as f64))
        .chain(wrong.iter().map(|measures| (row(measures), 1.0, 0.5 / wrong.len() as f64)))
        .collect();
    let factors = descend(&rows, names.len());
    let measures: BTreeMap<String, Measure> = names
        .iter()
        .zip(scales)
        .zip(factors)
        .filter(|(_, weight)| *weight > 1e-3)
        .map(|((name, scale), weight)| ((*name).clone(), Measure { scale: rounded(scale), weight: rounded(weight) }))
        .collect();
    let mut model = Model { threshold: 1.0, measures };
    let badness = benign.iter().map(|measures| model.badness(measures)).collect();
    model.threshold = rounded(quantile(badness, 1.0 - MAY_FAIL));
    model
}

/// Logistic regression with weights that stay 0 or more.
fn descend(rows: &[(Vec<f64>, f64, f64)], count: usize) -> Vec<f64> {
    let mut weights = vec![0.3; count];
    let mut bias = -1.0;
    for _ in 0..ROUNDS {
        let mut slope = vec![0.0; count];
        let mut bias_slope = 0.0;
        for (row, label, share) in rows {
            let sum: f64 = row.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>() + bias;
            let error = share * (1.0 / (1.0 + (-sum).exp()) - label);
            for (slope, value) in slope.iter_mut().zip(row) {
                *slope += error * value;
            }
            bias_slope += error;
        }
        for (weight, slope) in weights.iter_mut().zip(&slope) {
            *weight = (*weight - RATE * (slope + SHRINK * *weight)).max(0.0);
        }
        bias -= RATE * bias_slope;
    }
    weights
}

/// Mean and deviation of each measure at 0, 30, ... 180; a picture from the left is a mirrored one from the right.
fn orientation(samples: &Samples) -> Orientation {
    let sides = || samples.sides.iter().filter(|side| !side.test && !side.mirrored_back);
    let names: Vec<String> = sides().next().map(|side| side.measures.keys().cloned().collect()).unwrap_or_default();
    let course = |name: &String| {
        let mut course = Course::default();
        for step in 0..7_u16 {
            let odd = name.starts_with("side");
            let values: Vec<f64> = sides()
                .flat_map(|side| {
                    let value = side.measures[name];
                    let right = (side.angle == step * 30).then_some(value);
                    let left = ((360 - side.angle) % 360 == step * 30).then_some(if odd { -value } else { value });
                    [right, left]
                })
                .flatten()
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
            course.mean[usize::from(step)] = rounded(mean);
            course.deviation[usize::from(step)] = rounded(variance.sqrt());
        }
        course
    };
    let measures: BTreeMap<String, Course> = names.iter().map(|name| (name.clone(), course(name))).collect();
    // A measure that happens to be the same at one angle for all characters is not that certain.
    let floored = measures.into_iter().map(|(name, mut course)| {
        let usual = course.deviation.iter().sum::<f64>() / 7.0;
        course.deviation = course.deviation.map(|deviation| rounded(deviation.max(0.4 * usual)));
        (name, course)
    });
    Orientation { threshold: 0.0, measures: floored.collect() }
}

pub(crate) fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// Six digits are enough, and read better.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
