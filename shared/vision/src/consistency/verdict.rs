//! What a set says of each view, check by check.

use std::collections::BTreeMap;

use super::company::{Company, apart};
use super::compare::{Aspect, Relation, compare_with};
use super::outlier::{self, COMPANY};
use super::report::{Check, Report, Verdict};
use super::weights::{PASS, Weights};

/// By the models of sets; `None` where the set is too small for them. Without the master, who is no view.
pub(super) type Scores = Option<Vec<ByCheck>>;

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
    Some(outlier::measures(company).into_iter().map(|view| view.into_iter().filter_map(judged).collect()).collect())
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
    Report::of(verdict(Aspect::Color), verdict(Aspect::Proportion), features, verdict(Aspect::Style))
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
    Report::of(merged(&|r| &r.color), merged(&|r| &r.proportion), merged(&|r| &r.features), merged(&|r| &r.style))
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
