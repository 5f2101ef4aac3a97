//! Fitting lines and weights to real pictures, beside the drawn ones where those were measured too.

use std::collections::BTreeMap;

use likeness_vision::consistency::{Model, Pose, Sides, Weights, set_size, whole};

use super::kept::{Cases, PairCase, SetCase, ViewCase};
use super::logistic::{model, quantile, rounded};
use super::sides;
use super::turning::Turned;

type Strains = BTreeMap<String, f64>;

/// Of right pairs and views, how many one check alone may fail at the line without the margin, and that margin: the next
/// subject's right pictures are no better. What is wrong is told by all checks together.
const ALONE: (f64, f64) = (0.004, 1.25);
/// Other colours and another manner in the same view are told by their checks better than by all together. Most of what lies
/// beyond is one subject, whose white suit is lost on its wall.
const PLAIN: [&str; 2] = ["color.same", "style.same"];
const PLAINLY: (f64, f64) = (0.035, 1.1);
/// Of right views, how many may fail on the whole.
const OF_FEW_MAY_FAIL: f64 = 0.015;
const OF_MANY_MAY_FAIL: f64 = 0.006;
/// Of drawn cases, one for so many real ones: their defects are finer than those that were made of real pictures.
const DRAWN_TO_REAL: usize = 3;
/// Drawn right ones may fail so much more often: several changes at once are among them.
const OF_DRAWN: f64 = 3.0;
/// Of drawn right views, how many may fail, and how far beyond the line is drawn.
const OF_DRAWN_VIEWS: (f64, f64) = (0.0, 1.05);
/// Of a strain.
const LEAST_SCALE: f64 = 1e-3;

/// Another pose: set by hand on three characters that have one, beyond what other heights of drawn legs and heads reach. Most
/// right pairs, and all but some of another girth, stay below.
const POSE: Pose = Pose { strain: 1.5, hues: 0.3 };

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

    /// Seen from the same side in another pose, as `compare` finds it: then the pair is judged as one of two sides.
    pub(crate) fn is_posed(&self, weights: &Weights) -> bool {
        let key = "proportion.same";
        let strain = || Some(weights.checks.get(key)?.strain(self.measures.get(key)?));
        let hues = || self.measures.get("hues")?.get("hues").copied();
        self.relation == "same"
            && weights.pose.is_some_and(|pose| {
                strain().is_some_and(|strain| strain >= pose.strain) && hues().is_some_and(|hues| hues <= pose.hues)
            })
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
    weights.pose = Some(POSE);
    let pairs = || learnt.pairs.iter().copied();
    for (key, model) in &mut weights.checks {
        let right = pairs().filter(|pair| pair.what == "right").filter_map(|pair| pair.measures.get(key));
        let right = right.map(|measures| model.badness(measures)).collect();
        raise(model, right, if PLAIN.contains(&key.as_str()) { PLAINLY } else { ALONE });
    }
    let right_views = || learnt.sets.iter().filter(|set| set.is_right()).flat_map(|set| &set.views);
    for (key, model) in &mut weights.sets {
        let check = key.split('.').next().unwrap_or(key);
        let right = right_views().filter_map(|view| view.measures.checks.get(check));
        let right = right.map(|measures| model.badness(measures)).collect();
        raise(model, right, ALONE);
    }
    for (relation, may_fail) in [("same", 0.035), ("near", 0.025), ("turned", 0.02), ("opposite", 0.015)] {
        let drawn = learnt.drawn.iter().flat_map(|drawn| &drawn.pairs);
        let of = |pair: &PairCase| (pair.is_right(), pair.strains(&weights));
        let real = pairs().filter(|pair| pair.relation == relation).map(of).collect();
        let drawn = drawn.filter(|pair| pair.relation == relation).map(of).collect();
        fitted(&mut weights, relation, &real, drawn, may_fail, (OF_DRAWN * may_fail, 1.0));
    }
    for (size, may_fail) in [("few", OF_FEW_MAY_FAIL), ("many", OF_MANY_MAY_FAIL)] {
        // A view from another side is for its orientation to tell; its colours may be right.
        let told = |view: &&ViewCase| !view.bad || view.side == Some(view.claimed);
        let views = |set: &SetCase| -> Vec<(bool, Strains)> {
            let of = |view: &ViewCase| (!view.bad, view.strains(&weights));
            set.views.iter().filter(told).map(of).collect()
        };
        let real = learnt.sets.iter().filter(|set| set.size() == size).flat_map(|set| views(set)).collect();
        let drawn = learnt.drawn.iter().flat_map(|drawn| &drawn.sets);
        let drawn = drawn.filter(|set| set.size() == size).flat_map(views).collect();
        fitted(&mut weights, size, &real, drawn, may_fail, OF_DRAWN_VIEWS);
    }
    let few: fn(&Sides) -> bool = |sides| sides.others.values().any(|others| set_size(others.len()) == "few");
    let drawn: Vec<&SetCase> = learnt.drawn.iter().flat_map(|drawn| &drawn.sets).collect();
    weights.orientation = sides::fitted(turned(&learnt.sets), turned(&drawn), few);
    weights
}

/// A check alone fails only what hardly any right picture shows.
fn raise(model: &mut Model, right: Vec<f64>, (may_fail, margin): (f64, f64)) {
    let unit = model.unit.unwrap_or(model.threshold);
    model.unit = Some(unit);
    model.threshold = rounded(unit.max(margin * quantile(right, 1.0 - may_fail)));
}

/// Right and wrong cases.
type Judged = Vec<(bool, Strains)>;

/// To fewer drawn cases than real ones; the line is drawn where both kinds of right ones hold.
fn fitted(
    weights: &mut Weights,
    name: &str,
    real: &Judged,
    drawn: Judged,
    may_fail: f64,
    (drawn_may_fail, margin): (f64, f64),
) {
    fn part(of: &Judged, right: bool) -> Vec<&Strains> {
        of.iter().filter(|case| case.0 == right).map(|case| &case.1).collect()
    }
    let drawn = &unknown(drawn, &part(real, true));
    let both = |right: bool| {
        let (mut both, drawn) = (part(real, right), part(drawn, right));
        let every = (DRAWN_TO_REAL * drawn.len()).div_ceil(both.len().max(1)).max(1);
        both.extend(drawn.into_iter().step_by(every));
        both
    };
    let (right, wrong) = (both(true), both(false));
    if right.is_empty() || wrong.is_empty() {
        return;
    }
    let mut model = model(&right, &wrong, may_fail, LEAST_SCALE);
    let line = |of: &Judged, may_fail: f64| {
        quantile(part(of, true).into_iter().map(|strains| model.badness(strains)).collect(), 1.0 - may_fail)
    };
    model.threshold = rounded(line(real, may_fail).max(margin * line(drawn, drawn_may_fail)));
    weights.overall.insert(name.to_owned(), model);
}

/// Drawn figures are measured without the network: what it would say of all of them is taken to be what it says of right
/// real pictures, so that it neither speaks for nor against any.
fn unknown(mut drawn: Judged, right: &[&Strains]) -> Judged {
    let names = right.iter().flat_map(|strains| strains.keys()).filter(|name| name.starts_with("stranger"));
    let usual: Strains = names
        .map(|name| (name.clone(), quantile(right.iter().filter_map(|s| s.get(name)).copied().collect(), 0.5)))
        .collect();
    drawn.iter_mut().for_each(|(_, strains)| strains.extend(usual.clone()));
    drawn
}

fn turned<'a>(sets: &[&'a SetCase]) -> Vec<Turned<'a>> {
    let sets = sets.iter().copied();
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
