//! Fitting what is said of a view in its set: the models of three checks, and the side from which it is seen.

use std::collections::BTreeMap;

use likeness_vision::consistency::{Model, Orientation, Sides, doubt};

use crate::cast::Check;
use crate::fit::LEAST_SCALE;
use crate::logistic::{model, quantile, rounded};
use crate::sets::{Fault, View};
use crate::turning::{Turned, ballot, measures, profiles};

/// Of right views in sets, how many may fail one check: a set has many views, and each that fails costs an attempt.
const MAY_FAIL: f64 = 0.0015;
/// Of right views, how many may be called wrong; with company, and by the master alone.
const MAY_BE_DOUBTED: f64 = 0.0015;
const MAY_BE_DOUBTED_ALONE: f64 = 0.008;
/// The measure that all views of a set share.
const DRIFT: &str = "drift";

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
    let sided = views.iter().filter(|view| view.fault.is_none_or(|fault| fault.check().is_none()));
    let turned: Vec<Turned<'_>> = sided
        .map(|view| Turned {
            sides: &view.measures.sides,
            side: view.side,
            claimed: view.claimed,
            right: view.fault.is_none(),
            others_right: view.others_right,
            weight: 1.0,
        })
        .collect();
    of_turned(&turned)
}

fn of_turned(views: &[Turned<'_>]) -> Orientation {
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
