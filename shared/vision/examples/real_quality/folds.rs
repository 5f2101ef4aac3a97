//! Each damage by its own measure, with a line that other subjects drew.

use std::collections::BTreeSet;

use likeness_vision::Quality;

use crate::damage::Damage;

/// A photograph in one state.
pub(crate) struct Sample {
    pub(crate) file: String,
    pub(crate) subject: String,
    pub(crate) damage: Damage,
    pub(crate) quality: Quality,
}

const FOLDS: usize = 5;

pub(crate) fn print(samples: &[Sample]) {
    let subjects: Vec<&str> = samples.iter().map(|s| s.subject.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    println!("\nby its own measure, the line drawn by other subjects ({FOLDS} folds of {} subjects)", subjects.len());
    for damage in Damage::ALL.into_iter().filter(|damage| !damage.is_fine()) {
        let (mut right, mut caught, mut all) = (0, 0, 0);
        for fold in 0..FOLDS {
            let held: BTreeSet<&str> = subjects.iter().copied().skip(fold).step_by(FOLDS).collect();
            let of = |wanted: Damage, inside: bool| {
                let chosen = samples.iter().filter(move |s| s.damage == wanted);
                let chosen = chosen.filter(|s| held.contains(s.subject.as_str()) == inside);
                chosen.map(|s| damage.measure(&s.quality)).collect::<Vec<f64>>()
            };
            let line = line(&of(Damage::None, false), &of(damage, false));
            let (clean, spoilt) = (of(Damage::None, true), of(damage, true));
            right += clean.iter().filter(|&&value| value >= line).count();
            caught += spoilt.iter().filter(|&&value| value < line).count();
            all += clean.len();
        }
        let percent = |count: usize| 100.0 * count as f64 / all as f64;
        println!("{:12} clean passes {:5.1} %   caught {:5.1} %", damage.name(), percent(right), percent(caught));
    }
}

/// Where the fewest of both are on the wrong side.
fn line(clean: &[f64], spoilt: &[f64]) -> f64 {
    let wrong = |line: f64| {
        clean.iter().filter(|&&value| value < line).count() + spoilt.iter().filter(|&&value| value >= line).count()
    };
    let lines = (0..=1000).map(|step| f64::from(step) / 1000.0);
    lines.min_by_key(|&line| wrong(line)).unwrap_or(0.5)
}
