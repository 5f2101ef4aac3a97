//! Fitting on the calibration half.

use std::collections::BTreeMap;

use likeness_vision::consistency::Model;
use likeness_vision::scene::{Blending, Mix, SceneWeights, Seen, blend, candidates};

use super::{Cast, Labelled, Wrong, in_two, overlap};
use crate::logistic::{model, quantile, rounded};

/// Of the calibration half's right figures, how many may be taken for nobody, and for somebody else.
const MAY_BE_LOST: f64 = 0.004;
const MAY_FAIL: f64 = 0.006;
/// Of right figures, how many may be called blended; of right scenes, how many may have an extra figure.
const MAY_BE_BLENDED: f64 = 0.004;
const MAY_HAVE_EXTRA: f64 = 0.006;
/// Of a measure of a place, which is coarser than one of a figure.
const LEAST_SCALE: f64 = 1e-3;
/// As in the search: how far beyond the presence model's threshold half a likeness goes.
const HALF_THERE: f64 = 2.0;

/// A place and what it is for the reference that was looked for.
struct Sample {
    seen: Seen,
    truth: Truth,
    /// The best of those of its kind in this scene.
    best: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Truth {
    Right,
    Recoloured,
    /// Somebody or something else.
    Other,
    /// Partly right: no use.
    Unclear,
}

pub(super) fn weights(cast: &Cast, labelled: &[Labelled]) -> SceneWeights {
    let own: Vec<&Labelled> = labelled.iter().filter(|one| !one.test).collect();
    let own: Vec<(&Labelled, Vec<Vec<Seen>>)> = in_two(&own, |one| (*one, places(cast, one)));
    let samples: Vec<Sample> = own.iter().flat_map(|(one, places)| samples(one, places)).collect();
    let of = |wanted: &[Truth]| -> Vec<&BTreeMap<String, f64>> {
        samples.iter().filter(|one| wanted.contains(&one.truth)).map(|one| &one.seen.measures).collect()
    };
    let (right, recoloured, other) = (of(&[Truth::Right]), of(&[Truth::Recoloured]), of(&[Truth::Other]));
    eprintln!("places: {} right, {} recoloured, {} other", right.len(), recoloured.len(), other.len());
    let presence = model(&right, &other, MAY_BE_LOST, LEAST_SCALE);
    let likeness = model(&right, &recoloured, MAY_FAIL, LEAST_SCALE);
    let extra: Vec<f64> = samples
        .iter()
        .filter(|one| one.truth == Truth::Other && one.best)
        .map(|one| presence.badness(&one.seen.measures) / presence.threshold)
        .collect();
    let extra = quantile(extra, MAY_HAVE_EXTRA).min(1.0);
    let blending = blending(cast, &own, &presence);
    SceneWeights { presence, likeness, extra: rounded(extra), blending }
}

/// By slot.
fn places(cast: &Cast, one: &Labelled) -> Vec<Vec<Seen>> {
    let of = |who: &usize| cast.figure(*who).map_or_else(Vec::new, |figure| candidates(&one.scene, figure));
    one.wanted.iter().map(of).collect()
}

fn samples(one: &Labelled, places: &[Vec<Seen>]) -> Vec<Sample> {
    let mut all = Vec::new();
    if matches!(one.wrong, Wrong::Blended) {
        return all;
    }
    for (slot, places) in places.iter().enumerate() {
        let mut best = true;
        for seen in places {
            let mine = one.truth.iter().filter(|(whose, _)| *whose == slot);
            let most = mine.map(|(_, place)| overlap(place, &seen.place)).fold(0.0, f64::max);
            let truth = match most {
                m if m > 0.55 && one.wrong == Wrong::Recoloured && one.spoilt.contains(&slot) => Truth::Recoloured,
                m if m > 0.55 => Truth::Right,
                m if m > 0.15 => Truth::Unclear,
                _ => Truth::Other,
            };
            let first = best && truth == Truth::Other;
            best &= truth != Truth::Other;
            all.push(Sample { seen: seen.clone(), truth, best: first });
        }
    }
    all
}

/// The least gain that leaves right figures and empty places alone, at the limit of the parts' differences that
/// catches most.
fn blending(cast: &Cast, own: &[(&Labelled, Vec<Vec<Seen>>)], presence: &Model) -> Blending {
    let absence = |seen: &Seen| presence.badness(&seen.measures) / presence.threshold;
    let mixes = |wrong: Wrong| -> Vec<Option<Mix>> {
        let scenes: Vec<&(&Labelled, Vec<Vec<Seen>>)> =
            own.iter().filter(|(one, _)| one.wrong == wrong && one.wanted.len() > 1).collect();
        let of = |(one, places): &&(&Labelled, Vec<Vec<Seen>>)| -> Vec<Option<Mix>> {
            let figures: Vec<_> = one.wanted.iter().filter_map(|&who| cast.figure(who)).collect();
            let slots = if wrong == Wrong::Nothing { (0..one.wanted.len()).collect() } else { one.spoilt.clone() };
            let mut all: Vec<&Seen> = places.iter().flatten().filter(|seen| absence(seen) < HALF_THERE).collect();
            all.sort_by(|a, b| absence(a).total_cmp(&absence(b)));
            let mix = |slot: usize, seen: Option<&&Seen>| {
                blend(&one.scene, &figures, seen?).filter(|mix| mix.upper == slot || mix.lower == slot)
            };
            let at = |slot: usize| -> Vec<Option<Mix>> {
                match one.truth.iter().find(|(whose, _)| *whose == slot) {
                    Some((_, place)) => {
                        vec![mix(slot, all.iter().find(|seen| overlap(&seen.place, place) > 0.5))]
                    }
                    None => {
                        let free = |seen: &&&Seen| one.truth.iter().all(|(_, place)| overlap(place, &seen.place) < 0.3);
                        all.iter().filter(free).take(3).map(|seen| mix(slot, Some(seen))).collect()
                    }
                }
            };
            slots.into_iter().flat_map(at).collect()
        };
        in_two(&scenes, of).into_iter().flatten().collect()
    };
    let mut right = mixes(Wrong::Nothing);
    right.extend(mixes(Wrong::Missing));
    let blended = mixes(Wrong::Blended);
    let choice = |step: u32| {
        let most = 0.03 + 0.0025 * f64::from(step);
        let gains = right.iter().map(|mix| mix.filter(|mix| mix.most < most).map_or(0.0, |mix| mix.gain)).collect();
        let gain = rounded(quantile(gains, 1.0 - MAY_BE_BLENDED).max(0.003));
        let caught = blended.iter().flatten().filter(|mix| mix.most < most && mix.gain > gain).count();
        (caught, Blending { gain, most: rounded(most) })
    };
    let best = (0..25).map(choice).fold(None::<(usize, Blending)>, |best, next| match best {
        Some(best) if best.0 >= next.0 => Some(best),
        Some(_) | None => Some(next),
    });
    eprintln!("blends: {best:?} of {} (others: {})", blended.len(), right.len());
    best.map(|(_, limits)| limits).unwrap_or_default()
}
