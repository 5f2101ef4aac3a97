//! Fitting a model of `consistency`: plain gradient descent on measures that may only speak against a pair.

use std::collections::{BTreeMap, BTreeSet};

use likeness_vision::consistency::{Measure, Model};

const ROUNDS: usize = 1500;
const RATE: f64 = 0.5;
const SHRINK: f64 = 0.0005;

/// A logistic model, with the threshold that so many of the right ones fail. A measure that hardly moves among the
/// right ones is scaled as if it moved by `least`.
pub(crate) fn model(
    right: &[&BTreeMap<String, f64>],
    wrong: &[&BTreeMap<String, f64>],
    may_fail: f64,
    least: f64,
) -> Model {
    // What cannot be measured everywhere, such as a silhouette without a counterpart, counts as no difference.
    let value = |measures: &BTreeMap<String, f64>, name: &String| measures.get(name).copied().unwrap_or(0.0);
    let names: BTreeSet<&String> = right.iter().flat_map(|measures| measures.keys()).collect();
    let scales: Vec<f64> = names
        .iter()
        .map(|name| (right.iter().map(|measures| value(measures, name)).sum::<f64>() / right.len() as f64).max(least))
        .collect();
    let row = |measures: &BTreeMap<String, f64>| -> Vec<f64> {
        names.iter().zip(&scales).map(|(name, scale)| (value(measures, name) / scale).ln_1p()).collect()
    };
    let rows: Vec<(Vec<f64>, f64, f64)> = right
        .iter()
        .map(|measures| (row(measures), 0.0, 0.5 / right.len() as f64))
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
    let mut model = Model { threshold: 1.0, unit: None, measures };
    let badness = right.iter().map(|measures| model.badness(measures)).collect();
    model.threshold = rounded(quantile(badness, 1.0 - may_fail));
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

pub(crate) fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(((values.len().max(1) - 1) as f64 * share).round() as usize).copied().unwrap_or_default()
}

/// Six digits are enough, and read better.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
