//! The colour check: patch by patch, tolerant of shading, small movements and a lighter or darker exposure.

use std::collections::BTreeMap;

use super::cells::{ACROSS, DOWN, Patch, Reach};
use super::figure::Figure;
use super::parts;
use super::report::{Evidence, Issue, Severity};
use super::style::quantile;
use crate::oklab::{self, Lab};

/// What differs: named measures, and the patch that differs most.
pub(super) struct Difference {
    pub(super) measures: BTreeMap<String, f64>,
    pub(super) patch: Patch,
}

/// Distances above this are a different colour rather than another light.
const OTHER: f32 = 0.035;

pub(super) fn difference(reference: &Figure, candidate: &Figure, reach: Reach) -> Difference {
    let (a, b) = (&reference.cells, &candidate.cells);
    let lighter = b.lighter_than(a);
    let new = b.distances(a, reach, lighter);
    let gone = a.distances(b, reach, -lighter);
    let mut measures = BTreeMap::new();
    for (name, distances, covered) in [("new", &new, b.covered()), ("gone", &gone, a.covered())] {
        let mut sorted: Vec<f32> = distances.clone();
        sorted.sort_by(f32::total_cmp);
        let figure = &sorted[sorted.len() - covered.min(sorted.len())..];
        let mean = figure.iter().map(|&d| f64::from(d)).sum::<f64>() / covered.max(1) as f64;
        let patch = |least: f32| Patch::heaviest(distances, ACROSS, least).weight / covered.max(1) as f64;
        measures.insert(format!("{name}Mean"), mean);
        measures.insert(format!("{name}Most"), quantile(figure, 0.99));
        measures.insert(format!("{name}Much"), quantile(figure, 0.93));
        measures.insert(format!("{name}Patch"), 10.0 * patch(OTHER));
        measures.insert(format!("{name}FaintPatch"), 10.0 * patch(0.018));
    }
    for (name, from, to) in [("head", 0.0, 0.24), ("upper", 0.24, 0.5), ("legs", 0.5, 0.89), ("feet", 0.89, 1.0)] {
        let rows = (from * DOWN as f64) as usize * ACROSS..(to * DOWN as f64) as usize * ACROSS;
        let mean = |distances: &[f32], cells: &[Option<Lab>]| {
            let count = cells[rows.clone()].iter().flatten().count();
            distances[rows.clone()].iter().map(|&d| f64::from(d)).sum::<f64>() / count.max(1) as f64
        };
        measures.insert(format!("{name}New"), mean(&new, &b.0));
        measures.insert(format!("{name}Gone"), mean(&gone, &a.0));
    }
    let cast = (b.median(1) - a.median(1)).hypot(b.median(2) - a.median(2));
    measures.insert("cast".to_owned(), f64::from(cast));
    let newest = Patch::heaviest(&new, ACROSS, OTHER);
    let patch = if newest.members.is_empty() { Patch::heaviest(&new, ACROSS, 0.015) } else { newest };
    Difference { measures, patch }
}

/// The patch in words: "upper body: hue +38°, expected #6b3e26".
pub(super) fn issue(reference: &Figure, candidate: &Figure, found: &Difference, score: f64) -> Option<Issue> {
    if found.patch.members.is_empty() {
        return None;
    }
    let expected = mean_around(reference, &found.patch.members)?;
    let actual = mean_of(candidate, &found.patch.members)?;
    let bounds = found.patch.bounds(ACROSS, DOWN);
    let part = parts::name(candidate.nature, bounds);
    let [r, g, b] = oklab::to_rgb(expected);
    let hex = format!("#{r:02x}{g:02x}{b:02x}");
    let chroma = |lab: Lab| lab[1].hypot(lab[2]);
    let what = if chroma(expected) > 0.03 && chroma(actual) > 0.03 {
        let hue = |lab: Lab| lab[2].atan2(lab[1]).to_degrees();
        let turn = (hue(actual) - hue(expected) + 540.0).rem_euclid(360.0) - 180.0;
        format!("{part}: hue {turn:+.0}°, expected {hex}")
    } else {
        let lighter = 100.0 * (actual[0] - expected[0]);
        format!("{part}: another colour, lightness {lighter:+.0} points, expected {hex}")
    };
    Some(Issue {
        severity: Severity::of(score),
        what,
        place: Some(Evidence::on(candidate, bounds)),
        suggestion: format!("name the colour {hex} of the {part} in the prompt, and keep the reference image"),
    })
}

fn mean_of(figure: &Figure, members: &[usize]) -> Option<Lab> {
    mean(members.iter().filter_map(|&at| figure.cells.0[at]))
}

/// The figure's colour at these places, or at their heights where it is not there.
fn mean_around(figure: &Figure, members: &[usize]) -> Option<Lab> {
    let row = |at: usize| figure.cells.0[at / ACROSS * ACROSS..][..ACROSS].iter().flatten().copied();
    mean_of(figure, members).or_else(|| mean(members.iter().flat_map(|&at| row(at))))
}

fn mean(labs: impl Iterator<Item = Lab>) -> Option<Lab> {
    let (sum, count) =
        labs.fold(([0.0_f32; 3], 0), |(sum, count), lab| ([0, 1, 2].map(|i| sum[i] + lab[i]), count + 1));
    (count > 0).then(|| sum.map(|value| value / count as f32))
}
