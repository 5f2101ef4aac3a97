//! How pairs of photographs are judged with the committed lines: of one thing before two backgrounds, and of two things.
//!
//! Nothing is fitted here but the two lines of `surroundings.rs`, which were set on this folder: no subject is left out.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use likeness_vision::consistency::{Relation, compare};

use crate::judging::Labelled;

/// Pairs by what became of them.
#[derive(Default)]
struct Tally {
    pairs: usize,
    passed: usize,
    not_judged: usize,
    scores: Vec<f64>,
}

pub(crate) fn table(folder: &Path) -> Result<(), Box<dyn Error>> {
    let pictures = crate::judging::read(folder, |picture| picture.family == "photo")?;
    let found = pictures.iter().filter(|picture| picture.figure.is_some()).count();
    let mut tallies: BTreeMap<bool, Tally> = BTreeMap::new();
    for (at, one) in pictures.iter().enumerate() {
        for other in &pictures[at + 1..] {
            judge(one, other, tallies.entry(one.subject == other.subject).or_default());
        }
    }
    println!("photographs: a figure in {found} of {}\n", pictures.len());
    println!("| photographs | pairs | failing | passing | not judged |\n| --- | --- | --- | --- | --- |");
    for (same, Tally { pairs, passed, not_judged, .. }) in tallies.iter().rev() {
        let name = if *same { "one thing" } else { "two things" };
        let share = |count: usize| 100.0 * count as f64 / (*pairs).max(1) as f64;
        let failing = pairs - passed - not_judged;
        println!(
            "| {name} | {pairs} | {:.1} % | {:.1} % | {:.1} % |",
            share(failing),
            share(*passed),
            share(*not_judged)
        );
    }
    if let (Some(same), Some(others)) = (tallies.get(&true), tallies.get(&false)) {
        println!("\nAUC of the overall score: {:.4}\n", auc(&same.scores, &others.scores));
    }
    Ok(())
}

fn judge(one: &Labelled, other: &Labelled, tally: &mut Tally) {
    tally.pairs += 1;
    let (Some(a), Some(b)) = (&one.figure, &other.figure) else {
        tally.not_judged += 1;
        return;
    };
    let report = compare(a, b, Relation::Same);
    tally.passed += usize::from(report.passed);
    match report.overall {
        Some(overall) => tally.scores.push(overall),
        None => tally.not_judged += 1,
    }
    if report.passed != (one.subject == other.subject) {
        eprintln!("photograph: {} {} {:?}", one.file, other.file, report.overall);
    }
}

/// How often one of the same has the higher score.
fn auc(same: &[f64], others: &[f64]) -> f64 {
    let above =
        |same: &f64| others.iter().map(|other| f64::from(same > other) + 0.5 * f64::from(same == other)).sum::<f64>();
    same.iter().map(above).sum::<f64>() / (same.len() * others.len()).max(1) as f64
}
