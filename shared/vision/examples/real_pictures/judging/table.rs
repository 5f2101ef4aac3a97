//! What was right of subjects that were left out of the fit.

use std::collections::BTreeMap;

use likeness_vision::consistency::{PASS, Weights, doubt, mirrored_doubt};

use super::fit::{self, Learnt};
use super::kept::{Cases, PairCase, SetCase, ViewCase};

const FOLDS: usize = 5;

/// What was said of a view.
struct Said {
    failing: Vec<String>,
}

fn judged(weights: &Weights, set: &SetCase, view: &ViewCase) -> Said {
    let mut failing = Vec::new();
    for (key, model) in &weights.sets {
        let check = key.split('.').next().unwrap_or(key);
        if view.measures.checks.get(check).is_some_and(|measures| model.score(measures) < PASS) {
            failing.push(key.clone());
        }
    }
    let whole = weights.overall.get(set.size()).map(|model| model.score(&view.strains(weights)));
    if whole.is_some_and(|score| score < PASS) {
        failing.push("whole".to_owned());
    }
    let features = weights.checks.get("features.same").zip(view.by_master.get("features.same"));
    if features.is_some_and(|(model, measures)| model.score(measures) < PASS) {
        failing.push("features".to_owned());
    }
    let sides = &view.measures.sides;
    let ballot = weights.orientation.ballot(sides);
    let mirrored = mirrored_doubt(&weights.orientation, sides, view.claimed);
    if doubt(&weights.orientation, sides, view.claimed) >= ballot.threshold
        || ballot.mirrored.is_some_and(|line| mirrored >= line)
    {
        failing.push("side".to_owned());
    }
    Said { failing }
}

/// Another pose is judged by the measures that were taken of the same two as of two sides, where they were.
fn pair_score(weights: &Weights, pair: &PairCase, all: &[PairCase]) -> f64 {
    let turned = |other: &&PairCase| other.relation == "turned" && other.files == pair.files;
    let as_turned = if pair.is_posed(weights) { all.iter().find(turned) } else { None };
    if let Some(turned) = as_turned {
        let mut turned = turned.clone();
        turned.measures.retain(|key, _| !key.starts_with("proportion"));
        return pair_score(weights, &turned, &[]);
    }
    let strains = pair.strains(weights);
    let whole = weights.overall.get(&pair.relation).map_or(1.0, |model| model.score(&strains));
    let checks = pair.measures.iter().filter_map(|(key, measures)| Some(weights.checks.get(key)?.score(measures)));
    checks.filter(|score| *score < PASS).fold(whole, f64::min)
}

/// Cases and hits by name.
#[derive(Default)]
struct Counts(BTreeMap<String, (usize, usize)>);

impl Counts {
    fn add(&mut self, name: String, hit: bool) {
        let (hits, all) = self.0.entry(name).or_default();
        *hits += usize::from(hit);
        *all += 1;
    }

    fn print(&self, heading: &str) {
        println!("\n| {heading} | |\n| --- | --- |");
        for (name, (hits, all)) in &self.0 {
            println!("| {name} | {:.1} % of {all} |", 100.0 * *hits as f64 / *all as f64);
        }
    }
}

/// Fits to four fifths of the subjects and judges the rest, five times.
pub(crate) fn print(base: &Weights, cases: &Cases, drawn: Option<&Cases>) {
    let mut subjects: Vec<&str> = cases.pairs.iter().map(|pair| pair.subject.as_str()).collect();
    subjects.extend(cases.sets.iter().map(|set| set.subject.as_str()));
    subjects.sort_unstable();
    subjects.dedup();
    let fold = |subject: &str| subjects.iter().position(|known| *known == subject).unwrap_or_default() % FOLDS;
    let (mut right, mut wrong, mut by, mut whole) =
        (Counts::default(), Counts::default(), Counts::default(), Counts::default());
    let mut scores: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    for left_out in 0..FOLDS {
        let learnt = Learnt {
            pairs: cases.pairs.iter().filter(|pair| fold(&pair.subject) != left_out).collect(),
            sets: cases.sets.iter().filter(|set| fold(&set.subject) != left_out).collect(),
            drawn,
        };
        let weights = fit::weights(base, &learnt);
        for set in cases.sets.iter().filter(|set| fold(&set.subject) == left_out) {
            let kind = match (set.family.as_str(), set.views.len()) {
                ("render", 12) => "renders of 12",
                ("render", 5..) => "renders of 12, a view without a figure",
                ("render", _) => "renders of 4",
                (_, _) => "generated sheets",
            };
            let said: Vec<Said> = set.views.iter().map(|view| judged(&weights, set, view)).collect();
            if set.what == "right" {
                whole.add(kind.to_owned(), said.iter().all(|said| said.failing.is_empty()));
            }
            for (view, said) in set.views.iter().zip(&said) {
                let fails = !said.failing.is_empty();
                if view.bad {
                    wrong.add(format!("{}, {kind}", set.what), fails);
                } else if set.what == "right" {
                    right.add(kind.to_owned(), fails);
                    if fails {
                        let failing = said.failing.join(" ");
                        eprintln!("right: {} of {}: {failing}", view.file, set.views.len());
                    }
                    for check in ["side", "whole", "features", "color", "proportion", "style"] {
                        let failing = said.failing.iter().any(|failing| failing.split('.').next() == Some(check));
                        by.add(format!("{kind}: {check}"), failing);
                    }
                } else {
                    right.add(format!("{kind}, beside a wrong one"), fails);
                }
                if view.bad && !fails {
                    eprintln!("missed: {} as {} ({}) of {}", view.file, view.claimed, set.what, set.views.len());
                }
            }
        }
        // Of some models another pose was rendered from the same one.
        let differ =
            |pair: &&PairCase| pair.what != "pose" || pair.measures["hues"].values().any(|value| *value > 1e-3);
        for pair in cases.pairs.iter().filter(|pair| fold(&pair.subject) == left_out).filter(differ) {
            let score = pair_score(&weights, pair, &cases.pairs);
            scores.entry((pair.relation.clone(), pair.what.clone())).or_default().push(score);
            if pair.is_right() != (score >= PASS) {
                eprintln!("pair: {} {} {:?} {score:.3}", pair.relation, pair.what, pair.files);
            }
        }
    }
    right.print("right angles failing");
    by.print("right angles failing, by check");
    whole.print("right sets passing whole");
    wrong.print("wrong angles caught");
    pairs(&scores);
}

fn pairs(scores: &BTreeMap<(String, String), Vec<f64>>) {
    println!("\n| pairs | failing | AUC against right ones |\n| --- | --- | --- |");
    for ((relation, what), values) in scores {
        let failing = values.iter().filter(|score| **score < PASS).count();
        let right = scores.get(&(relation.clone(), "right".to_owned()));
        let area = right.map_or(f64::NAN, |right| auc(right, values));
        println!(
            "| {relation}, {what} | {:.1} % of {} | {area:.3} |",
            100.0 * failing as f64 / values.len() as f64,
            values.len()
        );
    }
}

/// The chance that a wrong one scores lower than a right one.
fn auc(good: &[f64], bad: &[f64]) -> f64 {
    let wins = bad.iter().flat_map(|bad| {
        good.iter().map(move |good| if bad < good { 1.0 } else { f64::from(u8::from(bad <= good)) / 2.0 })
    });
    wins.sum::<f64>() / (good.len() * bad.len()).max(1) as f64
}
