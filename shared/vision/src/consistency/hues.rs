//! Which colours a figure has and how much of each, wherever they are: what a change of pose or side leaves as it is.
//!
//! The histograms are of OKLab with soft bins, so that a colour at the edge of a bin belongs to both.

use std::collections::BTreeMap;

use super::cells::{ACROSS, Cells, DOWN};
use crate::oklab::Lab;

/// Bins of lightness, and of each of the two axes of colour.
const LEVELS: usize = 5;
const TINTS: usize = 9;
/// The colours of the outermost bins; few things are more colourful.
const REACH: f32 = 0.18;
/// Heights that have a histogram of their own, as shares from the top.
const BANDS: [(f64, f64); 4] = [(0.0, 0.25), (0.25, 0.5), (0.5, 0.78), (0.78, 1.0)];
/// By so much must bands lie better one way than the other.
const CLEARLY: f64 = 0.1;

/// 0 for the same colours in the same amounts, 1 for none in common.
pub(super) fn measures(reference: &Cells, candidate: &Cells) -> BTreeMap<String, f64> {
    let lighter = candidate.lighter_than(reference);
    let whole = [Histogram::of(reference, (0.0, 1.0), 0.0), Histogram::of(candidate, (0.0, 1.0), lighter)];
    BTreeMap::from([
        ("hues".to_owned(), whole[0].apart(&whole[1])),
        ("huesByHeight".to_owned(), by_height(reference, candidate, lighter, |band| band)),
        ("tints".to_owned(), whole[0].tints_apart(&whole[1])),
        ("huesMoved".to_owned(), moved(reference, candidate, lighter)),
    ])
}

/// Whether the colours of `candidate` lie like those of `reference` only if it is turned upside down.
pub(super) fn is_upside_down(reference: &Cells, candidate: &Cells) -> bool {
    let lighter = candidate.lighter_than(reference);
    let turned = by_height(reference, candidate, lighter, |(from, to)| (1.0 - to, 1.0 - from));
    turned + CLEARLY < by_height(reference, candidate, lighter, |band| band)
}

/// How far each band of the reference is from that band of the candidate which `other` names.
fn by_height(reference: &Cells, candidate: &Cells, lighter: f32, other: impl Fn((f64, f64)) -> (f64, f64)) -> f64 {
    let (mut parts, mut weights) = (0.0, 0.0);
    for band in BANDS {
        let [a, b] = [Histogram::of(reference, band, 0.0), Histogram::of(candidate, other(band), lighter)];
        let weight = a.weight.min(b.weight);
        parts += weight * a.apart(&b);
        weights += weight;
    }
    if weights > 0.0 { parts / weights } else { 0.0 }
}

/// What sums of thousands of shares do not add up to is no difference.
pub(super) fn without_rounding(apart: f64) -> f64 {
    if apart < 1e-4 { 0.0 } else { apart }
}

struct Histogram {
    shares: Vec<f32>,
    weight: f64,
}

impl Histogram {
    fn of(cells: &Cells, (from, to): (f64, f64), lighter: f32) -> Self {
        let rows = (from * DOWN as f64) as usize * ACROSS..(to * DOWN as f64) as usize * ACROSS;
        let mut shares = vec![0.0_f32; LEVELS * TINTS * TINTS];
        let mut count = 0.0_f32;
        for lab in cells.0[rows].iter().flatten() {
            count += 1.0;
            let [l, a, b] = places([lab[0] - lighter, lab[1], lab[2]]);
            for (level, of_level) in l {
                for (red, of_red) in a {
                    for (yellow, of_yellow) in b {
                        shares[(level * TINTS + red) * TINTS + yellow] += of_level * of_red * of_yellow;
                    }
                }
            }
        }
        shares.iter_mut().for_each(|share| *share /= count.max(1.0));
        Self { shares, weight: f64::from(count) }
    }

    /// By what they have in common.
    fn apart(&self, other: &Self) -> f64 {
        let common: f32 = self.shares.iter().zip(&other.shares).map(|(a, b)| a.min(*b)).sum();
        without_rounding(f64::from(1.0 - common))
    }

    /// The same without lightness.
    fn tints_apart(&self, other: &Self) -> f64 {
        let tint = |of: &Self, at: usize| (0..LEVELS).map(|level| of.shares[level * TINTS * TINTS + at]).sum::<f32>();
        let common: f32 = (0..TINTS * TINTS).map(|at| tint(self, at).min(tint(other, at))).sum();
        without_rounding(f64::from(1.0 - common))
    }
}

/// The two bins of each axis between which a colour lies, with its share in each.
fn places(lab: Lab) -> [[(usize, f32); 2]; 3] {
    let between = |value: f32, bins: usize| {
        let place = value.clamp(0.0, 1.0) * (bins - 1) as f32;
        let low = (place as usize).min(bins - 2);
        let share = place - low as f32;
        [(low, 1.0 - share), (low + 1, share)]
    };
    let tint = |value: f32| between((value + REACH) / (2.0 * REACH), TINTS);
    [between(lab[0], LEVELS), tint(lab[1]), tint(lab[2])]
}

/// How far the colours would have to be moved to become the other's: the mean over five directions of OKLab, along each
/// of which the earth mover's distance is the area between the two sorted lists.
fn moved(reference: &Cells, candidate: &Cells, lighter: f32) -> f64 {
    const STEPS: usize = 64;
    const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let directions: [Lab; 5] =
        [[0.42, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, HALF, HALF], [0.0, HALF, -HALF]];
    let sorted = |cells: &Cells, along: Lab, lighter: f32| {
        let along = |lab: &Lab| along[0] * (lab[0] - lighter) + along[1] * lab[1] + along[2] * lab[2];
        let mut values: Vec<f32> = cells.0.iter().flatten().map(along).collect();
        values.sort_by(f32::total_cmp);
        let at = |step: usize| values[(2 * step + 1) * values.len() / (2 * STEPS)];
        if values.is_empty() { vec![0.0; STEPS] } else { (0..STEPS).map(at).collect() }
    };
    let area = |along: Lab| {
        let (a, b) = (sorted(reference, along, 0.0), sorted(candidate, along, lighter));
        a.iter().zip(&b).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / STEPS as f64
    };
    directions.into_iter().map(area).sum::<f64>() / directions.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two colours in stripes of `wide` columns.
    fn striped(wide: usize, colours: [Lab; 2]) -> Cells {
        Cells((0..DOWN * ACROSS).map(|at| Some(colours[at % ACROSS / wide % 2])).collect())
    }

    const RED: Lab = [0.6, 0.17, 0.09];
    const BLUE: Lab = [0.45, -0.03, -0.14];
    const GREEN: Lab = [0.6, -0.13, 0.09];

    #[test]
    fn where_colours_are_does_not_matter_and_how_much_of_each_does() {
        let reference = striped(8, [RED, BLUE]);
        for (name, value) in measures(&reference, &striped(4, [BLUE, RED])) {
            assert!(value < 1e-3, "{name}: {value}");
        }
        let mut less = striped(8, [RED, BLUE]);
        less.0.iter_mut().take(DOWN * ACROSS / 4).for_each(|cell| *cell = Some(BLUE));
        let other = striped(8, [GREEN, BLUE]);
        for (name, of_less) in measures(&reference, &less) {
            let of_other = measures(&reference, &other)[&name];
            assert!(0.0 < of_less && of_less < of_other, "{name}: {of_less} {of_other}");
        }
    }

    #[test]
    fn a_little_more_light_is_no_other_colour() {
        let reference = striped(8, [RED, BLUE]);
        let lit = |by: f32| striped(8, [RED, BLUE].map(|[l, a, b]| [l + by, a, b]));
        assert!(measures(&reference, &lit(0.05))["hues"] < 1e-3);
        assert!(measures(&reference, &lit(0.25))["hues"] > 0.2);
    }
}
