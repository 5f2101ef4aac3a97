//! What a set says of each view, check by check.

use std::collections::BTreeMap;

use super::company::{Company, apart};
use super::compare::{Aspect, Relation, compare_with};
use super::outlier::{self, COMPANY};
use super::report::{Check, Report, Verdict};
use super::weights::{PASS, Weights};

/// By the models of sets; `None` where the set is too small for them. Without the master, which is no view.
pub(super) type Scores = Option<Vec<ByCheck>>;

/// The most views that are few.
const FEW: usize = 6;

/// Score and measures.
pub(super) type ByCheck = BTreeMap<String, (f64, BTreeMap<String, f64>)>;

pub(super) fn scores(weights: &Weights, company: &Company<'_>) -> Scores {
    if company.members.len() <= COMPANY || weights.sets.is_empty() {
        return None;
    }
    // A view is bad among good ones, or all of them drift from the master together.
    let judged = |(check, details): (String, BTreeMap<String, f64>)| {
        let score = weights.sets.get(&check)?.score(&details);
        let drift = weights.sets.get(&format!("{check}.drift")).map_or(1.0, |model| model.score(&details));
        Some((check, (score.min(drift), details)))
    };
    let model = weights.overall.get(set_size(company.members.len() - 1));
    let all = |view: BTreeMap<String, BTreeMap<String, f64>>| {
        let whole = model.map(|model| {
            let strains = whole(weights, &view);
            (WHOLE.to_owned(), (model.score(&strains), strains))
        });
        view.into_iter().filter_map(judged).chain(whole).collect()
    };
    Some(outlier::measures(company).into_iter().map(all).collect())
}

/// The name under which a view's score on the whole stands beside those of its checks.
const WHOLE: &str = "whole";

/// Which model of [`Weights::overall`] judges sets of so many views.
pub fn set_size(views: usize) -> &'static str {
    if views <= FEW { "few" } else { "many" }
}

/// What a view's score on the whole is made of: the strains of its checks, and its colours against those of the others.
pub fn whole(weights: &Weights, view: &BTreeMap<String, BTreeMap<String, f64>>) -> BTreeMap<String, f64> {
    let strains = weights.sets.iter().filter_map(|(name, model)| {
        let check = name.split('.').next().unwrap_or(name);
        Some((name.clone(), model.strain(view.get(check)?)))
    });
    let colours = ["hues", "huesByHeight", "stranger"].into_iter().flat_map(|check| {
        let measures = view.get(check).into_iter().flatten();
        measures.map(move |(name, value)| (format!("{check}.{name}"), *value))
    });
    strains.chain(colours).collect()
}

pub(super) fn verdicts(weights: &Weights, company: &Company<'_>, scores: &Scores) -> Vec<Report> {
    (1..company.members.len())
        .map(|at| match scores {
            Some(scores) => in_company(weights, company, scores, at),
            None => by_pairs(weights, company, at),
        })
        .collect()
}

fn in_company(weights: &Weights, company: &Company<'_>, scores: &[ByCheck], at: usize) -> Report {
    let view = company.members[at];
    let pair = |other: usize| Relation::of(f64::from(apart(company.members[other].angle, view.angle)));
    let verdict = |check: Aspect| {
        let Some((score, details)) = scores[at - 1].get(check.word()) else {
            return Verdict::not_judged("no model was calibrated for this");
        };
        // The nearest view that is right says best what is wrong.
        let right = |other: &usize| {
            *other == 0 || scores[*other - 1].get(check.word()).is_some_and(|(score, _)| *score >= PASS)
        };
        let others = (0..company.members.len()).filter(|other| *other != at).filter(right);
        let teller = others.min_by_key(|other| apart(company.members[*other].angle, view.angle)).unwrap_or(0);
        Verdict::of(*score, details.clone(), || {
            check.issue(company.members[teller].figure, view.figure, pair(teller), *score)
        })
    };
    let features = compare_with(weights, company.members[0].figure, view.figure, pair(0)).features;
    let checks = [verdict(Aspect::Color), verdict(Aspect::Proportion), features, verdict(Aspect::Style)];
    let whole = scores[at - 1].get(WHOLE);
    Report::of(checks, whole.map(|(score, _)| *score), || {
        let worst = whole.map_or(Aspect::Color, |(_, strains)| Aspect::worst(strains));
        let score = whole.map_or(0.0, |(score, _)| *score);
        (worst.word(), worst.issue(company.members[0].figure, view.figure, pair(0), score))
    })
}

/// The master's word, and that of neighbours and opposites.
fn by_pairs(weights: &Weights, company: &Company<'_>, at: usize) -> Report {
    let view = company.members[at];
    let told = |other: usize| {
        let reference = company.members[other];
        let relation = Relation::of(f64::from(apart(reference.angle, view.angle)));
        (relation, compare_with(weights, reference.figure, view.figure, relation))
    };
    let (_, by_master) = told(0);
    let others: Vec<Report> = (1..company.members.len())
        .filter(|other| *other != at)
        .map(told)
        .filter(|(relation, _)| *relation != Relation::Turned)
        .map(|(_, report)| report)
        .collect();
    let merged = |of: &dyn Fn(&Report) -> &Verdict| merge(of(&by_master), others.iter().map(of));
    let checks = [merged(&|r| &r.color), merged(&|r| &r.proportion), merged(&|r| &r.features), merged(&|r| &r.style)];
    let best = others.iter().filter_map(|report| report.overall).reduce(f64::max);
    let whole = by_master.overall.map(|own| best.map_or(own, |best| (own + best) / 2.0));
    let (worst, issue) = (Aspect::Color, by_master.issues().next().cloned());
    Report::of(checks, whole, || (worst.word(), issue))
}

/// The master's word and that of the most agreeing other view, in equal parts: a bad neighbour does not spoil a good
/// view, and a view that nobody agrees with is bad.
fn merge<'a>(by_master: &Verdict, others: impl Iterator<Item = &'a Verdict>) -> Verdict {
    let best = others.filter_map(judged).fold(None, |best: Option<&Check>, next| match best {
        Some(best) if best.score >= next.score => Some(best),
        Some(_) | None => Some(next),
    });
    match (judged(by_master), best) {
        (Some(own), Some(best)) => {
            let score = (own.score + best.score) / 2.0;
            let passed = score >= PASS;
            let worse = if own.score <= best.score { own } else { best };
            let issues = if passed { Vec::new() } else { worse.issues.clone() };
            Verdict::Judged(Check { score, passed, details: own.details.clone(), issues })
        }
        (None, Some(only)) => Verdict::Judged(only.clone()),
        (_, None) => by_master.clone(),
    }
}

fn judged(verdict: &Verdict) -> Option<&Check> {
    match verdict {
        Verdict::Judged(check) => Some(check),
        Verdict::NotJudged { .. } => None,
    }
}
