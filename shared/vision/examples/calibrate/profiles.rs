//! Whole sets of the test cast: what is found in them, and what is called bad although it is right.

use std::collections::BTreeMap;

use likeness_vision::consistency::{AngleReport, Facing, Figure, SetReport, Weights, verify_set_with};

use crate::cast::{Character, Check};
use crate::samples::of_each;
use crate::sets::{EIGHT, FOUR, Fault, Plan, Studio, TWELVE, other_style};
use crate::table::Figures;

/// Hits and cases, by name.
#[derive(Default)]
struct Counts(BTreeMap<(&'static str, &'static str), (usize, usize)>);

impl Counts {
    fn add(&mut self, key: &'static str, line: &'static str, hit: bool) {
        let (hits, all) = self.0.entry((key, line)).or_default();
        *hits += usize::from(hit);
        *all += 1;
    }
}

pub(crate) fn print(cast: &[Character], weights: &Weights) -> Figures {
    let tested: Vec<&Character> = cast.iter().filter(|character| character.test).collect();
    let mut counts = Counts::default();
    for one in of_each(tested.len(), |number| of_character(tested[number], weights)) {
        for (key, (hits, all)) in one.0 {
            let sum = counts.0.entry(key).or_default();
            *sum = (sum.0 + hits, sum.1 + all);
        }
    }
    println!("\n| sets | |\n| --- | --- |");
    let mut figures = Figures::new();
    for ((key, line), (hits, all)) in counts.0 {
        let share = hits as f64 / all.max(1) as f64;
        println!("| {line} | {:.1} % of {all} |", 100.0 * share);
        figures.insert(key.to_owned(), share);
    }
    figures
}

fn of_character(character: &Character, weights: &Weights) -> Counts {
    let mut counts = Counts::default();
    let Some(mut studio) = Studio::of(character) else { return counts };
    let n = character.number;
    let at = |by: usize| TWELVE[(n * 5 + by) % 12];
    let style = |by: usize| Fault::Style(other_style(character.style, n / 6 + by));
    let (hue, hue_back) = (Fault::Hue(60.0), Fault::Hue(-60.0));

    let right = [(&TWELVE[..], 2), (&TWELVE[..], 3), (&EIGHT[..], 2), (&FOUR[..], 2)];
    for (angles, take) in right {
        let (report, _) = judged(&mut studio, weights, angles, &[], take);
        for angle in &report.angles {
            let (key, line) = match angles.len() {
                12 => ("false fail in twelve", "right angles failing, sets of 12"),
                8 => ("false fail in eight", "right angles failing, sets of 8"),
                _ => ("false fail in four", "right angles failing, sets of 4"),
            };
            counts.add(key, line, !angle.passed);
            if angle.angle == 180 {
                let failed = angle.report.features.failed();
                counts.add("false fail faceless backs", "right backs failing for their missing face", failed);
            }
            told(n, "right", angle, angle.passed);
        }
    }
    for round in 0..3 {
        let turn = if round == 1 { hue_back } else { hue };
        let faults = [(at(round), turn), (at(round + 1 + 3 * round), style(round))];
        two(&mut studio, weights, &mut counts, &faults, "spoilt angles", "hue by 60 and another style");
    }
    let faults = [(at(2), Fault::Legs(if n.is_multiple_of(2) { 1.15 } else { 0.85 })), (at(7), Fault::Girth(1.2))];
    two(&mut studio, weights, &mut counts, &faults, "other proportions", "legs by 15 and girth by 20 %");

    let sides: [&[(u16, Fault)]; 9] = [
        &[(120, Fault::MirroredBack), (210, Fault::MirroredBack)],
        &[(150, Fault::MirroredBack), (240, Fault::MirroredBack)],
        &[(180, Fault::MirroredBack)],
        &[(30, Fault::From(330)), (240, Fault::From(120))],
        &[(60, Fault::From(300)), (150, Fault::From(210))],
        &[(90, Fault::From(270)), (300, Fault::From(60))],
        &[(0, Fault::From(60)), (120, Fault::From(180))],
        &[(270, Fault::From(210)), (30, Fault::From(90))],
        &[(90, Fault::From(0)), (240, Fault::From(330))],
    ];
    for faults in sides {
        let (report, shown) = judged(&mut studio, weights, &TWELVE, faults, 2);
        for angle in &report.angles {
            let wrong = matches!(angle.orientation, Facing::Wrong { .. });
            let Some((_, fault)) = shown.iter().find(|(bad, _)| *bad == angle.angle) else {
                counts.add("false orientation", "orientation: right called wrong", wrong);
                continue;
            };
            let (key, line) = match fault {
                Fault::MirroredBack => ("caught mirrored", "orientation: mirrored front as back caught"),
                Fault::From(from) if (from + angle.angle) % 360 == 0 => {
                    ("caught swapped", "orientation: left and right swapped caught")
                }
                Fault::From(_)
                | Fault::Hue(_)
                | Fault::Style(_)
                | Fault::Legs(_)
                | Fault::Girth(_)
                | Fault::Head(_) => ("caught off by 60", "orientation: off by 60 or 90 caught"),
            };
            counts.add(key, line, wrong);
            told(n, line, angle, wrong);
        }
    }
    for (angles, bad) in [(&EIGHT[..], 135), (&FOUR[..], 90), (&FOUR[..3], 180)] {
        for fault in [hue, style(1)] {
            let (report, shown) = judged(&mut studio, weights, angles, &[(bad, fault)], 2);
            let found = report.angles.iter().find(|angle| angle.angle == bad && !shown.is_empty());
            let (key, line) = match angles.len() {
                8 => ("found in eight", "spoilt angle found, sets of 8 (hue, style)"),
                4 => ("found in four", "spoilt angle found, sets of 4 (hue, style)"),
                _ => ("found in three", "spoilt angle found, sets of 3 (hue, style)"),
            };
            if let Some(angle) = found {
                counts.add(key, line, !angle.passed);
            }
        }
    }
    for fault in [hue, style(2)] {
        let all: Vec<(u16, Fault)> = FOUR.iter().map(|angle| (*angle, fault)).collect();
        let (report, shown) = judged(&mut studio, weights, &FOUR, &all, 2);
        for angle in report.angles.iter().filter(|angle| shown.iter().any(|(bad, _)| *bad == angle.angle)) {
            counts.add("found drifted", "angles found where all four are spoilt alike", !angle.passed);
        }
    }
    counts
}

fn two(
    studio: &mut Studio<'_>,
    weights: &Weights,
    counts: &mut Counts,
    faults: &[(u16, Fault)],
    key: &'static str,
    line: &'static str,
) {
    let (report, shown) = judged(studio, weights, &TWELVE, faults, 3);
    let number = studio.character.number;
    let mut exact = true;
    for angle in &report.angles {
        let fault = shown.iter().find(|(bad, _)| *bad == angle.angle).map(|(_, fault)| *fault);
        exact &= fault.is_some() != angle.passed;
        let Some(fault) = fault else {
            told(number, "right beside spoilt", angle, angle.passed);
            counts.add("false fail beside spoilt", "right angles failing beside two spoilt ones", !angle.passed);
            continue;
        };
        let named = match fault.check() {
            Some(Check::Color) => ("found hue", "found of two in twelve: hue by 60"),
            Some(Check::Style) => ("found style", "found of two in twelve: another style"),
            Some(Check::Proportion) => ("found proportion", "found of two in twelve: legs by 15 %, girth by 20 %"),
            Some(Check::Features | Check::Everything) | None => continue,
        };
        counts.add(named.0, named.1, !angle.passed);
        told(number, named.1, angle, !angle.passed);
    }
    let (key, line) = match (key, line) {
        ("spoilt angles", _) => ("exactly two", "exactly those two: hue by 60, another style"),
        _ => ("exactly two, proportions", "exactly those two: legs by 15 %, girth by 20 %"),
    };
    counts.add(key, line, exact);
}

/// With the faults that can be seen.
fn judged(
    studio: &mut Studio<'_>,
    weights: &Weights,
    angles: &[u16],
    faults: &[(u16, Fault)],
    take: usize,
) -> (SetReport, Vec<(u16, Fault)>) {
    let set = studio.set(&Plan { angles: angles.to_vec(), faults: faults.to_vec() }, take);
    let shown = set.iter().filter_map(|(angle, _, fault)| Some((*angle, (*fault)?))).collect();
    let views: Vec<(u16, Figure)> = set.into_iter().map(|(angle, figure, _)| (angle, figure)).collect();
    (verify_set_with(weights, &studio.master, &views), shown)
}

fn told(character: usize, case: &str, angle: &AngleReport, fine: bool) {
    if !fine {
        let scores = angle.report.checks().map(|(_, verdict)| verdict.score().map(|score| (score * 100.0) as i32));
        eprintln!("set: {character} at {}: {case}: {scores:?} {:?}", angle.angle, angle.orientation);
    }
}
