//! From which side a figure is seen, fitted to real pictures and drawn ones together.

use likeness_vision::consistency::{Ballot, Orientation, Sides, doubt};

use super::logistic::{quantile, rounded};
use super::turning::{Turned, ballot, measures, profiles};

/// Of right views, how many may be called wrong: in large sets, in small ones, and by the master alone.
const OF_MANY: f64 = 0.01;
const OF_FEW: f64 = 0.006;
const ALONE: f64 = 0.02;

/// Views of both kinds in equal parts, though there are fewer of one.
pub(crate) fn fitted(real: Vec<Turned<'_>>, drawn: Vec<Turned<'_>>, is_few: fn(&Sides) -> bool) -> Orientation {
    let (fewer, count) = (real.len() as f64 / drawn.len().max(1) as f64, real.len());
    let mut views = real;
    views.extend(drawn.into_iter().map(|view| Turned { weight: fewer, ..view }));
    let mut fitted =
        Orientation { measures: measures(&views), profiles: profiles(&views), ..Orientation::default() };
    let seen = |of: &dyn Fn(&Turned<'_>) -> Option<Sides>| -> Vec<(bool, Sides, &Turned<'_>)> {
        views.iter().enumerate().filter_map(|(at, view)| Some((at < count, of(view)?, view))).collect()
    };
    let alone = seen(&|view| Some(view.sides.alone()));
    let with = |few: bool| {
        move |view: &Turned<'_>| (!view.sides.others.is_empty() && is_few(view.sides) == few).then(|| view.sides.clone())
    };
    let (few, many) = (seen(&with(true)), seen(&with(false)));
    fitted.alone = of(&fitted, &alone, ALONE);
    fitted.company = of(&fitted, &many, OF_MANY);
    let of_few = of(&fitted, &few, OF_FEW);
    fitted.few = Some(of_few);
    fitted
}

/// The line is drawn where real right views and drawn ones both hold.
fn of(orientation: &Orientation, samples: &[(bool, Sides, &Turned<'_>)], may: f64) -> Ballot {
    let rows: Vec<(Sides, &Turned<'_>)> = samples.iter().map(|(_, sides, view)| (sides.clone(), *view)).collect();
    let found = Ballot { threshold: 0.0, weights: ballot(orientation, &rows) };
    // Whatever is known of the company, this ballot is asked.
    let asked = Orientation {
        alone: found.clone(),
        company: found.clone(),
        few: Some(found.clone()),
        measures: orientation.measures.clone(),
        profiles: orientation.profiles.clone(),
    };
    let line = |wanted: bool| {
        let right = samples.iter().filter(|(real, _, view)| *real == wanted && view.right);
        quantile(right.map(|(_, sides, view)| doubt(&asked, sides, view.claimed)).collect(), 1.0 - may)
    };
    Ballot { threshold: rounded(line(true).max(line(false))), ..found }
}
