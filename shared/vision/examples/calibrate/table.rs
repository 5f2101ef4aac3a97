//! The test half's figures, printed and compared with the committed ones.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use likeness_vision::consistency::{PASS, Sides, Weights, doubt};

use crate::cast::Check;
use crate::fit::meant;
use crate::samples::{Measures, Pair, Samples};

/// Named figures; those whose name begins with `false` are better when lower, all others when higher.
pub(crate) type Figures = BTreeMap<String, f64>;

pub(crate) fn print(samples: &Samples, weights: &Weights) -> Figures {
    let mut figures = Figures::new();
    println!("not judged, no figure found: {} pictures", samples.lost);
    eprintln!("no figure in: {:?}", samples.lost_names);
    checks(samples, weights, &mut figures);
    per_defect(samples, weights, &mut figures);
    benign(samples, weights, &mut figures);
    orientation(samples, weights, &mut figures);
    figures
}

fn tested(samples: &Samples) -> impl Iterator<Item = &Pair> {
    samples.pairs.iter().filter(|pair| pair.test)
}

fn score(weights: &Weights, check: &str, pair: &Pair) -> Option<f64> {
    Some(weights.checks.get(check)?.score(pair.measures.get(check)?))
}

fn checks(samples: &Samples, weights: &Weights, figures: &mut Figures) {
    println!("\n| check | ROC AUC | caught at 0.7 | benign failing |\n| --- | --- | --- | --- |");
    for check in weights.checks.keys() {
        let scores = |wanted: &dyn Fn(&&Pair) -> bool| -> Vec<f64> {
            tested(samples).filter(wanted).filter_map(|pair| score(weights, check, pair)).collect()
        };
        let own = |pair: &&Pair| meant(check, pair) && pair.wrong != Some(Check::Everything);
        let (good, bad) = (scores(&|pair| pair.wrong.is_none()), scores(&own));
        if good.is_empty() {
            continue;
        }
        let (area, caught, failing) = (auc(&good, &bad), failed(&bad), failed(&good));
        println!("| {check} | {area:.4} | {:.1} % | {:.1} % |", 100.0 * caught, 100.0 * failing);
        figures.insert(format!("auc {check}"), area);
        figures.insert(format!("false fail {check}"), failing);
    }
    let overall = |pair: &Pair| -> Option<f64> {
        pair.measures.contains_key("features.same").then(|| on_the_whole(weights, &pair.measures, "same"))
    };
    let good: Vec<f64> = tested(samples).filter(|pair| pair.wrong.is_none()).filter_map(overall).collect();
    let bad: Vec<f64> =
        tested(samples).filter(|pair| pair.wrong == Some(Check::Everything)).filter_map(overall).collect();
    let area = auc(&good, &bad);
    println!("| another character, overall score | {area:.4} | | |");
    figures.insert("auc another character".to_owned(), area);
}

/// As a report has it: the model of the whole, and no more than the worst check that fails.
fn on_the_whole(weights: &Weights, measures: &Measures, relation: &str) -> f64 {
    let mut strains = measures.get("hues").cloned().unwrap_or_default();
    let mut failing = 1.0_f64;
    for (key, measures) in measures {
        if let (Some(model), Some((check, _))) = (weights.checks.get(key), key.split_once('.')) {
            strains.insert(check.to_owned(), model.strain(measures));
            let score = model.score(measures);
            failing = if score < PASS { failing.min(score) } else { failing };
        }
    }
    weights.overall.get(relation).map_or(1.0, |model| model.score(&strains)).min(failing)
}

fn per_defect(samples: &Samples, weights: &Weights, figures: &mut Figures) {
    println!("\n| defect, same view | check | ROC AUC | failing on the whole |\n| --- | --- | --- | --- |");
    let mut names: Vec<(Check, &str)> =
        tested(samples).filter_map(|pair| pair.wrong.map(|check| (check, pair.name))).collect();
    names.sort_unstable();
    names.dedup();
    for (check, name) in names {
        let model = match check {
            Check::Color | Check::Everything => "color.same",
            Check::Proportion => "proportion.same",
            Check::Features => "features.same",
            Check::Style => "style.same",
        };
        let scores = |wanted: &dyn Fn(&&Pair) -> bool| -> Vec<f64> {
            tested(samples).filter(wanted).filter_map(|pair| score(weights, model, pair)).collect()
        };
        let good = scores(&|pair| pair.wrong.is_none());
        let bad = scores(&|pair| pair.name == name);
        let area = auc(&good, &bad);
        let of = |pair: &&Pair| pair.name == name && pair.measures.contains_key("features.same");
        let reports: Vec<f64> =
            tested(samples).filter(of).map(|pair| on_the_whole(weights, &pair.measures, "same")).collect();
        println!("| {name} | {model} | {area:.3} | {:.0} % |", 100.0 * failed(&reports));
        figures.insert(format!("auc {name}"), area);
    }
}

fn benign(samples: &Samples, weights: &Weights, figures: &mut Figures) {
    println!("\n| benign change, same view | failing on the whole |\n| --- | --- |");
    let same: Vec<&Pair> =
        tested(samples).filter(|pair| pair.wrong.is_none() && pair.measures.contains_key("features.same")).collect();
    let fails = |pair: &Pair| on_the_whole(weights, &pair.measures, "same") < PASS;
    let share = |pairs: &[&Pair]| pairs.iter().filter(|pair| fails(pair)).count() as f64 / pairs.len().max(1) as f64;
    let mut names: Vec<&str> = same.iter().map(|pair| pair.name).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let of: Vec<&Pair> = same.iter().copied().filter(|pair| pair.name == name).collect();
        println!("| {name} | {:.1} % of {} |", 100.0 * share(&of), of.len());
    }
    println!("| all | {:.1} % of {} |", 100.0 * share(&same), same.len());
    figures.insert("false fail on the whole".to_owned(), share(&same));
    for pair in same.iter().filter(|pair| fails(pair)) {
        let failed: Vec<&String> =
            pair.measures.keys().filter(|c| score(weights, c, pair).is_some_and(|score| score < PASS)).collect();
        eprintln!("fails: character {} {} at {}: {failed:?}", pair.character, pair.name, pair.angle);
    }
}

/// The doubt in each claim that could be made of the figures.
pub(crate) struct Doubts {
    pub(crate) right: Vec<f64>,
    right_backs: Vec<f64>,
    mirrored: Vec<f64>,
    swapped: Vec<f64>,
    off_by_60: Vec<f64>,
    off_by_90: Vec<f64>,
}

pub(crate) fn doubts(samples: &Samples, weights: &Weights, test: bool) -> Doubts {
    let of = |angle: u16, measures: &Sides| doubt(&weights.orientation, measures, angle % 360);
    let sides = || samples.sides.iter().filter(move |side| side.test == test);
    let fair = || sides().filter(|side| !side.mirrored_back);
    let claimed =
        |turn: u16| fair().flat_map(move |side| [side.angle + turn, side.angle + 360 - turn].map(|a| (side, a)));
    Doubts {
        right: fair().map(|side| of(side.angle, &side.measures)).collect(),
        right_backs: fair().filter(|s| (150..=210).contains(&s.angle)).map(|s| of(s.angle, &s.measures)).collect(),
        mirrored: sides().filter(|side| side.mirrored_back).map(|side| of(side.angle, &side.measures)).collect(),
        swapped: fair().filter(|s| s.angle % 180 != 0).map(|s| of(360 - s.angle, &s.measures)).collect(),
        off_by_60: claimed(60).map(|(side, angle)| of(angle, &side.measures)).collect(),
        off_by_90: claimed(90).map(|(side, angle)| of(angle, &side.measures)).collect(),
    }
}

fn orientation(samples: &Samples, weights: &Weights, figures: &mut Figures) {
    let limit = weights.orientation.alone.threshold;
    let caught = |doubts: &[f64]| doubts.iter().filter(|&&d| d >= limit).count() as f64 / doubts.len().max(1) as f64;
    let found = doubts(samples, weights, true);
    println!("\n| orientation, by the master alone | called wrong |\n| --- | --- |");
    let mut line = |name: &str, key: &str, doubts: &[f64]| {
        println!("| {name} | {:.1} % of {} |", 100.0 * caught(doubts), doubts.len());
        figures.insert(key.to_owned(), caught(doubts));
    };
    line("mirrored front as back", "caught mirrored, alone", &found.mirrored);
    line("left and right swapped", "caught swapped, alone", &found.swapped);
    line("off by 60", "caught off by 60, alone", &found.off_by_60);
    line("off by 90", "caught off by 90, alone", &found.off_by_90);
    line("right", "false orientation, alone", &found.right);
    line("right, 150 to 210", "false orientation of backs, alone", &found.right_backs);
}

/// The chance that a bad pair scores lower than a good one.
fn auc(good: &[f64], bad: &[f64]) -> f64 {
    let wins: f64 = bad
        .iter()
        .flat_map(|bad| {
            good.iter().map(move |good| {
                if bad < good {
                    1.0
                } else if bad > good {
                    0.0
                } else {
                    0.5
                }
            })
        })
        .sum();
    wins / (good.len() * bad.len()).max(1) as f64
}

fn failed(scores: &[f64]) -> f64 {
    scores.iter().filter(|&&score| score < PASS).count() as f64 / scores.len().max(1) as f64
}

/// Compilers and processors round differently, and a share of few cases moves by one of them.
fn tolerance(name: &str) -> f64 {
    match name {
        auc if auc.starts_with("auc") => 0.01,
        false_alarms if false_alarms.starts_with("false") => 0.03,
        // Of 6 to 72 cases: one of the fewest.
        _ => 0.17,
    }
}

pub(crate) fn no_worse(figures: &Figures, committed: &Path) -> ExitCode {
    let text = std::fs::read_to_string(committed).expect("the committed figures are there");
    let before: Figures = serde_json::from_str(&text).expect("the committed figures are valid");
    let mut code = ExitCode::SUCCESS;
    for (name, was) in before {
        let now = figures.get(&name).copied().unwrap_or(f64::NAN);
        let may = tolerance(&name);
        let fine = if name.starts_with("false") { now <= was + may } else { now >= was - may };
        if !fine {
            println!("worse: {name} was {was:.4}, is {now:.4}");
            code = ExitCode::FAILURE;
        }
    }
    code
}
