//! From which side a figure is seen, fitted to real pictures and drawn ones together.

use likeness_vision::consistency::{Ballot, Orientation, Sides, doubt, mirrored_doubt};

use super::logistic::{quantile, rounded};
use super::turning::{Turned, ballot, measures, profiles};

/// Of right views, how many may be called wrong, and how many mirrored: in large sets, in small ones, and by the master
/// alone.
const OF_MANY: [f64; 2] = [0.01, 0.005];
const OF_FEW: [f64; 2] = [0.01, 0.005];
const ALONE: [f64; 2] = [0.03, 0.02];

/// Views of both kinds in equal parts, though there are fewer of one.
pub(crate) fn fitted(real: Vec<Turned<'_>>, drawn: Vec<Turned<'_>>, is_few: fn(&Sides) -> bool) -> Orientation {
    let (fewer, count) = (real.len() as f64 / drawn.len().max(1) as f64, real.len());
    let mut views = real;
    views.extend(drawn.into_iter().map(|view| Turned { weight: fewer, ..view }));
    let mut fitted = Orientation { measures: measures(&views), profiles: profiles(&views), ..Orientation::default() };
    let seen = |of: &dyn Fn(&Turned<'_>) -> Option<Sides>| -> Vec<(bool, Sides, &Turned<'_>)> {
        views.iter().enumerate().filter_map(|(at, view)| Some((at < count, of(view)?, view))).collect()
    };
    let alone = seen(&|view| Some(view.sides.alone()));
    let with = |few: bool| {
        move |view: &Turned<'_>| {
            (!view.sides.others.is_empty() && is_few(view.sides) == few).then(|| view.sides.clone())
        }
    };
    let (few, many) = (seen(&with(true)), seen(&with(false)));
    fitted.alone = of(&fitted, &alone, ALONE);
    fitted.company = of(&fitted, &many, OF_MANY);
    let of_few = of(&fitted, &few, OF_FEW);
    fitted.few = Some(of_few);
    fitted
}

/// The line is drawn where real right views and drawn ones both hold.
fn of(
    orientation: &Orientation,
    samples: &[(bool, Sides, &Turned<'_>)],
    [may_be_wrong, may_be_mirrored]: [f64; 2],
) -> Ballot {
    let rows: Vec<(Sides, &Turned<'_>)> = samples.iter().map(|(_, sides, view)| (sides.clone(), *view)).collect();
    let found = Ballot { threshold: 0.0, mirrored: None, weights: ballot(orientation, &rows) };
    // Whatever is known of the company, this ballot is asked.
    let asked = Orientation {
        alone: found.clone(),
        company: found.clone(),
        few: Some(found.clone()),
        measures: orientation.measures.clone(),
        profiles: orientation.profiles.clone(),
    };
    let line = |wanted: bool, may: f64, of: fn(&Orientation, &Sides, u16) -> f64| {
        let right = samples.iter().filter(|(real, _, view)| *real == wanted && view.right);
        let doubts = right.map(|(_, sides, view)| of(&asked, sides, view.claimed)).filter(|doubt| doubt.is_finite());
        let doubts: Vec<f64> = doubts.collect();
        if doubts.is_empty() { f64::NEG_INFINITY } else { quantile(doubts, 1.0 - may) }
    };
    let both =
        |may: f64, of: fn(&Orientation, &Sides, u16) -> f64| rounded(line(true, may, of).max(line(false, may, of)));
    Ballot { threshold: both(may_be_wrong, doubt), mirrored: Some(both(may_be_mirrored, mirrored_doubt)), ..found }
}
