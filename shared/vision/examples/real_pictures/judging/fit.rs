//! Fitting lines and weights to real pictures, beside the drawn ones where those were measured too.

use std::collections::BTreeMap;

use likeness_vision::consistency::{Model, Sides, Weights, set_size, whole};

use super::kept::{Cases, PairCase, SetCase, ViewCase};
use super::logistic::{model, quantile, rounded};
use super::sides;
use super::turning::Turned;

type Strains = BTreeMap<String, f64>;

/// Of right pairs and views, how many one check alone may fail. What is wrong is told by all of them together.
const CHECK_MAY_FAIL: f64 = 0.004;
/// Of right pairs and views, how many may fail on the whole.
const WHOLE_MAY_FAIL: f64 = 0.02;
const VIEW_MAY_FAIL: f64 = 0.004;
/// Of a strain.
const LEAST_SCALE: f64 = 1e-3;

/// What a fit sees: real cases and, where they were measured, drawn ones.
pub(crate) struct Learnt<'a> {
    pub(crate) pairs: Vec<&'a PairCase>,
    pub(crate) sets: Vec<&'a SetCase>,
    pub(crate) drawn: Option<&'a Cases>,
}

impl PairCase {
    /// Nothing is wrong with it.
    pub(crate) fn is_right(&self) -> bool {
        matches!(self.what.as_str(), "right" | "pose" | "illustration")
    }

    /// What the model of the whole weighs.
    pub(crate) fn strains(&self, weights: &Weights) -> Strains {
        let mut strains = self.measures.get("hues").cloned().unwrap_or_default();
        for (key, measures) in &self.measures {
            if let (Some(model), Some((check, _))) = (weights.checks.get(key), key.split_once('.')) {
                strains.insert(check.to_owned(), model.strain(measures));
            }
        }
        strains
    }
}

impl SetCase {
    pub(crate) fn size(&self) -> &'static str {
        set_size(self.views.len())
    }

    fn is_right(&self) -> bool {
        self.views.iter().all(|view| !view.bad)
    }
}

impl ViewCase {
    pub(crate) fn strains(&self, weights: &Weights) -> Strains {
        whole(weights, &self.measures.checks)
    }
}

/// The committed weights with lines and models for real pictures.
pub(crate) fn weights(base: &Weights, learnt: &Learnt<'_>) -> Weights {
    let mut weights = base.clone();
    let pairs = || learnt.pairs.iter().copied();
    for (key, model) in &mut weights.checks {
        let right = pairs().filter(|pair| pair.what == "right").filter_map(|pair| pair.measures.get(key));
        let right = right.map(|measures| model.badness(measures)).collect();
        raise(model, right);
    }
    let right_views = || learnt.sets.iter().filter(|set| set.is_right()).flat_map(|set| &set.views);
    for (key, model) in &mut weights.sets {
        let check = key.split('.').next().unwrap_or(key);
        let right = right_views().filter_map(|view| view.measures.checks.get(check));
        let right = right.map(|measures| model.badness(measures)).collect();
        raise(model, right);
    }
    for relation in ["same", "near", "turned", "opposite"] {
        let drawn = learnt.drawn.iter().flat_map(|drawn| &drawn.pairs);
        let of = |pair: &PairCase| (pair.is_right(), pair.strains(&weights));
        let real = pairs().filter(|pair| pair.relation == relation).map(of).collect();
        let drawn = drawn.filter(|pair| pair.relation == relation).map(of).collect();
        fitted(&mut weights, relation, real, drawn, WHOLE_MAY_FAIL);
    }
    for size in ["few", "many"] {
        // A view from another side is for its orientation to tell; its colours may be right.
        let told = |view: &&ViewCase| !view.bad || view.side == Some(view.claimed);
        let views = |set: &SetCase| -> Vec<(bool, Strains)> {
            let of = |view: &ViewCase| (!view.bad, view.strains(&weights));
            set.views.iter().filter(told).map(of).collect()
        };
        let real = learnt.sets.iter().filter(|set| set.size() == size).flat_map(|set| views(set)).collect();
        let drawn = learnt.drawn.iter().flat_map(|drawn| &drawn.sets);
        let drawn = drawn.filter(|set| set.size() == size).flat_map(views).collect();
        fitted(&mut weights, size, real, drawn, VIEW_MAY_FAIL);
    }
    let few = |sides: &Sides| sides.others.values().any(|others| set_size(others.len()) == "few");
    weights.orientation = sides::adjusted(&base.orientation, &turned(learnt), few);
    weights
}

/// A check alone fails only what hardly any right picture shows.
fn raise(model: &mut Model, right: Vec<f64>) {
    let unit = model.unit.unwrap_or(model.threshold);
    model.unit = Some(unit);
    model.threshold = rounded(unit.max(quantile(right, 1.0 - CHECK_MAY_FAIL)));
}

/// Right and wrong cases.
type Judged = Vec<(bool, Strains)>;

/// To no more drawn cases than real ones; the line is drawn where both kinds of right ones hold.
fn fitted(weights: &mut Weights, name: &str, real: Judged, drawn: Judged, may_fail: f64) {
    fn part(of: &Judged, right: bool) -> Vec<&Strains> {
        of.iter().filter(|case| case.0 == right).map(|case| &case.1).collect()
    }
    let both = |right: bool| {
        let (mut both, drawn) = (part(&real, right), part(&drawn, right));
        let every = drawn.len().div_ceil(both.len().max(1)).max(1);
        both.extend(drawn.into_iter().step_by(every));
        both
    };
    let (right, wrong) = (both(true), both(false));
    if right.is_empty() || wrong.is_empty() {
        return;
    }
    let mut model = model(&right, &wrong, may_fail, LEAST_SCALE);
    let line = |of: &Judged| {
        quantile(part(of, true).into_iter().map(|strains| model.badness(strains)).collect(), 1.0 - may_fail)
    };
    model.threshold = rounded(line(&real).max(line(&drawn)));
    weights.overall.insert(name.to_owned(), model);
}

fn turned<'a>(learnt: &Learnt<'a>) -> Vec<Turned<'a>> {
    let drawn = learnt.drawn.iter().flat_map(|drawn| &drawn.sets);
    let sets = learnt.sets.iter().copied().chain(drawn);
    sets.flat_map(|set| {
        set.views.iter().enumerate().filter_map(|(at, view)| {
            // Another subject and other colours are another check's matter.
            let sided = !view.bad || view.side.is_some_and(|side| side != view.claimed);
            let others_right = set.views.iter().enumerate().all(|(other, view)| other == at || !view.bad);
            sided.then_some(Turned {
                sides: &view.measures.sides,
                side: view.side?,
                claimed: view.claimed,
                right: !view.bad && set.is_right(),
                others_right,
                weight: 1.0,
            })
        })
    })
    .collect()
}
