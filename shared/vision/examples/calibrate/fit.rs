//! Fitting the models of pairs on the calibration half, with thresholds from its benign pairs.

use std::collections::BTreeMap;

use likeness_vision::consistency::Model;

use crate::cast::Check;
use crate::damage::Benign;
use crate::logistic::{model, quantile, rounded};
use crate::samples::{Pair, Samples};

/// Of the calibration half's benign pairs, how many may fail one check: four checks together then stay below 3 %.
const MAY_FAIL: f64 = 0.006;
/// Of those with several changes at once.
const COMBINED_MAY_FAIL: f64 = 0.015;
/// Of a measure of two figures.
pub(crate) const LEAST_SCALE: f64 = 1e-4;

/// The models of pairs.
pub(crate) fn checks(samples: &Samples) -> BTreeMap<String, Model> {
    let mut names: Vec<String> = samples.pairs.iter().flat_map(|pair| pair.measures.keys().cloned()).collect();
    // Colours wherever they are belong to no check.
    names.retain(|name| name.contains('.'));
    names.sort();
    names.dedup();
    let fitted = |name: String| {
        let of = |pair: &&Pair| !pair.test && pair.measures.contains_key(&name);
        let pairs = || samples.pairs.iter().filter(of);
        let right: Vec<&BTreeMap<String, f64>> =
            pairs().filter(|pair| pair.wrong.is_none()).map(|pair| &pair.measures[&name]).collect();
        let wrong: Vec<&BTreeMap<String, f64>> =
            pairs().filter(|pair| meant(&name, pair)).map(|pair| &pair.measures[&name]).collect();
        let mut fitted = model(&right, &wrong, MAY_FAIL, LEAST_SCALE);
        // Several small changes at once are the hardest, and not rare.
        let combined = pairs().filter(|pair| pair.name == Benign::Combined.name());
        let badness = combined.map(|pair| fitted.badness(&pair.measures[&name])).collect();
        fitted.threshold = fitted.threshold.max(rounded(quantile(badness, 1.0 - COMBINED_MAY_FAIL)));
        (name, fitted)
    };
    names.into_iter().map(fitted).collect()
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
