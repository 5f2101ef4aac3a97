//! Whole profiles of the test half: right ones, and ones with two bad angles.

use likeness_figures::{Defects, Style};
use likeness_vision::consistency::{Figure, SetReport, Weights, verify_set_with};

use crate::cast::{Character, characters};
use crate::chance::Chance;
use crate::damage::{picture, reference, regenerated};
use crate::table::Figures;

pub(crate) fn print(weights: &Weights) -> Figures {
    let (mut angles, mut failing, mut backs, mut faceless) = (0, 0, 0, 0);
    let (mut found, mut spoilt, mut exact, mut sets) = (0, 0, 0, 0);
    for character in characters().iter().filter(|character| character.test) {
        let Ok(master) = Figure::of(&picture(reference(&character.look, character.style, 0))) else { continue };
        let right = profile(character, &[]);
        let report = verify_set_with(weights, &master, &right);
        angles += report.angles.len();
        failing += failed(&report).len();
        for angle in report.angles.iter().filter(|angle| angle.angle == 180) {
            backs += 1;
            faceless += usize::from(angle.report.features.failed());
        }
        for angle in report.angles.iter().filter(|angle| !angle.passed) {
            let whole =
                angle.report.checks().map(|(name, verdict)| (name, verdict.score().map(|s| (s * 100.0) as i32)));
            eprintln!("set: {} at {}: {:?} {whole:?}", character.number, angle.angle, angle.orientation);
        }
        let bad = [(character.number % 12 * 30) as u16, ((character.number * 5 + 4) % 12 * 30) as u16];
        let report = verify_set_with(weights, &master, &profile(character, &bad));
        let named = failed(&report);
        spoilt += bad.len();
        found += bad.iter().filter(|angle| named.contains(angle)).count();
        sets += 1;
        exact += usize::from(named.len() == bad.len() && bad.iter().all(|angle| named.contains(angle)));
    }
    let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
    println!("\n| profiles of 12 | |\n| --- | --- |");
    println!("| right angles failing | {:.1} % of {angles} |", 100.0 * share(failing, angles));
    println!("| right backs failing for their missing face | {faceless} of {backs} |");
    println!(
        "| spoilt angles found (two of twelve: clothes' hue turned by 60, another style) | {:.1} % of {spoilt} |",
        100.0 * share(found, spoilt)
    );
    println!("| exactly those two | {:.1} % of {sets} |", 100.0 * share(exact, sets));
    Figures::from([
        ("false fail profile angles".to_owned(), share(failing, angles)),
        ("false fail faceless backs".to_owned(), faceless as f64),
        ("found spoilt angles".to_owned(), share(found, spoilt)),
        ("found exactly two".to_owned(), share(exact, sets)),
    ])
}

fn failed(report: &SetReport) -> Vec<u16> {
    report.angles.iter().filter(|angle| !angle.passed).map(|angle| angle.angle).collect()
}

fn profile(character: &Character, bad: &[u16]) -> Vec<(u16, Figure)> {
    let view = |angle: u16| {
        let mut chance = Chance::of(&format!("{} profile {angle}", character.number));
        let defects = match bad.iter().position(|spoilt| *spoilt == angle) {
            Some(0) => Defects { hue_shift_degrees: 60.0, ..Defects::default() },
            Some(_) => Defects { style: Some(other(character.style)), ..Defects::default() },
            None => Defects::default(),
        };
        let image = regenerated(&character.look, character.style, angle, None, &defects, &mut chance);
        Figure::of(&picture(image)).ok().map(|figure| (angle, figure))
    };
    (0..12).filter_map(|step| view(step * 30)).collect()
}

fn other(style: Style) -> Style {
    match style {
        Style::Line => Style::Soft,
        Style::Soft | Style::Photo | Style::Painted | Style::Flat => Style::Cel,
        Style::Cel => Style::Photo,
    }
}
