//! The proportion check: the outline from the same side or the opposite one, and the heights of things from any side.
//!
//! Not here: how large the figure is in its picture. A camera that stands nearer changes that, and nothing tells them
//! apart.

use std::collections::BTreeMap;

use super::canon::ROWS;
use super::cells::tolerant;
use super::figure::Figure;
use super::landmarks::{Landmarks, Outline, Row};
use super::parts::{self, Nature};
use super::report::{Evidence, Issue, Severity};
use super::style::quantile;

/// Rows of a warp; each is two of the canon.
const STEPS: usize = ROWS / 2;
/// How far a row may be from its own height, in steps.
const BAND: usize = 12;
/// How far an outline's row is looked for, in rows.
const SEARCH: usize = 4;

/// Heights only: what may be compared from any two sides.
pub(super) fn heights(reference: &Figure, candidate: &Figure) -> BTreeMap<String, f64> {
    let mut measures = warp_measures(&warp(&reference.outline, &candidate.outline, 0.0));
    landmarks(&mut measures, reference, &candidate.landmarks);
    measures
}

/// Heights and outline: from the same side, or from opposite sides with one of them mirrored.
pub(super) fn shape(reference: &Figure, candidate: &Outline, heights: &Landmarks) -> BTreeMap<String, f64> {
    let mut measures = warp_measures(&warp(&reference.outline, candidate, 0.6));
    landmarks(&mut measures, reference, heights);
    measures.extend(outline(&reference.outline, candidate));
    measures
}

fn landmarks(measures: &mut BTreeMap<String, f64>, reference: &Figure, candidate: &Landmarks) {
    for ((name, a), (_, b)) in reference.landmarks.named().into_iter().zip(candidate.named()) {
        // One that is found on one side only says more of the finding than of the figure.
        let difference = a.zip(b).map_or(0.0, |(a, b)| (a - b).abs());
        measures.insert(name.to_owned(), difference.min(0.06));
    }
}

/// How the two ends of the rows and their widths differ.
pub(super) fn outline(a: &Outline, b: &Outline) -> BTreeMap<String, f64> {
    let mut both = rows_apart(a, b);
    both.extend(rows_apart(b, a));
    let thirds: Vec<f64> = (0..3)
        .map(|third| {
            let rows = both.chunks(ROWS).flat_map(|side| &side[third * ROWS / 3..(third + 1) * ROWS / 3]);
            rows.map(|&d| f64::from(d)).sum::<f64>() / (2 * ROWS / 3) as f64
        })
        .collect();
    let run = both.chunks(ROWS).map(|side| longest(side, 0.012)).fold(0.0, f64::max);
    both.sort_by(f32::total_cmp);
    let area = |outline: &Outline| outline.width(0.0, 1.0).max(1e-6);
    let girth = |outline: &Outline| outline.width(0.3, 0.6).max(1e-6);
    let head = |outline: &Outline| outline.width(0.05, 0.2).max(1e-6);
    let shoulders = |outline: &Outline| outline.width(0.22, 0.34).max(1e-6);
    let legs = |outline: &Outline| outline.width(0.65, 0.9).max(1e-6);
    let ratio = |of: &dyn Fn(&Outline) -> f64| (of(a) / of(b)).ln().abs();
    BTreeMap::from([
        ("outlineTop".to_owned(), thirds[0]),
        ("outlineMiddle".to_owned(), thirds[1]),
        ("outlineBottom".to_owned(), thirds[2]),
        ("outlineMuch".to_owned(), quantile(&both, 0.95)),
        ("outlineMost".to_owned(), quantile(&both, 0.99)),
        ("outlineRun".to_owned(), run),
        ("area".to_owned(), ratio(&area)),
        ("girth".to_owned(), ratio(&girth)),
        ("headWidth".to_owned(), ratio(&head)),
        ("shoulderWidth".to_owned(), ratio(&shoulders)),
        ("outlineMean".to_owned(), thirds.iter().sum::<f64>() / 3.0),
        ("legWidth".to_owned(), ratio(&legs)),
    ])
}

/// For each row of `a`, how far its two ends and its width are from those of the most alike row of `b` near it.
fn rows_apart(a: &Outline, b: &Outline) -> Vec<f32> {
    let apart = |a: &Row, b: &Row| {
        ((a.left - b.left).abs() + (a.right - b.right).abs()) / 2.0 + (a.width - b.width).abs() / 2.0
    };
    let best = |(at, row): (usize, &Row)| {
        let near = &b.0[at.saturating_sub(SEARCH)..(at + SEARCH + 1).min(ROWS)];
        near.iter().map(|other| apart(row, other)).fold(f32::INFINITY, f32::min)
    };
    a.0.iter().enumerate().map(best).collect()
}

/// The heaviest unbroken run of values above `least`.
fn longest(values: &[f32], least: f32) -> f64 {
    let mut best = 0.0_f64;
    let mut run = 0.0;
    for &value in values {
        run = if value > least { run + f64::from(value - least) } else { 0.0 };
        best = best.max(run);
    }
    best
}

/// How the candidate's rows must be moved to lie on the reference's.
pub(super) struct Warp {
    /// By how much, as a share of the height, downwards; one for each step of the reference.
    pub(super) moved: Vec<f32>,
    /// What stays different.
    rest: f64,
}

/// Dynamic time warping over the rows' colours, and their widths as far as `widths` says.
pub(super) fn warp(a: &Outline, b: &Outline, widths: f32) -> Warp {
    const BENT: f32 = 0.008;
    let cost = |i: usize, j: usize| {
        let (a, b) = (&a.0[2 * i], &b.0[2 * j]);
        (tolerant(a.lab, b.lab) + widths * (a.width - b.width).abs()).min(0.15)
    };
    let wide = 2 * BAND + 1;
    let at = |i: usize, j: usize| i * wide + (j + BAND - i);
    let reachable = |i: usize, j: usize| j < STEPS && j + BAND >= i && j <= i + BAND;
    let mut sums = vec![f32::INFINITY; STEPS * wide];
    let mut from = vec![0_u8; STEPS * wide];
    for i in 0..STEPS {
        for j in i.saturating_sub(BAND)..(i + BAND + 1).min(STEPS) {
            let step = |di: usize, dj: usize| {
                (i >= di && j >= dj && reachable(i - di, j - dj)).then(|| sums[at(i - di, j - dj)])
            };
            let (straight, down, across) = (step(1, 1), step(1, 0), step(0, 1));
            let ways = [(straight, 0.0, 0), (down, BENT, 1), (across, BENT, 2)];
            let best = ways
                .into_iter()
                .filter_map(|(sum, bent, way)| sum.map(|sum| (sum + bent, way)))
                .fold((f32::INFINITY, 0), |best, next| if next.0 < best.0 { next } else { best });
            let start = if i == 0 && j == 0 { (0.0, 0) } else { best };
            sums[at(i, j)] = start.0 + cost(i, j);
            from[at(i, j)] = start.1;
        }
    }
    let mut moved = vec![0.0; STEPS];
    let (mut i, mut j) = (STEPS - 1, STEPS - 1);
    while i > 0 || j > 0 {
        moved[i] = (j as f32 - i as f32) / STEPS as f32;
        match from[at(i, j)] {
            0 => (i, j) = (i.saturating_sub(1), j.saturating_sub(1)),
            1 => i -= 1,
            _ => j -= 1,
        }
    }
    Warp { moved, rest: f64::from(sums[at(STEPS - 1, STEPS - 1)]) / STEPS as f64 }
}

fn warp_measures(warp: &Warp) -> BTreeMap<String, f64> {
    let mut moved: Vec<f32> = warp.moved.iter().map(|moved| moved.abs()).collect();
    moved.sort_by(f32::total_cmp);
    let mean = moved.iter().map(|&m| f64::from(m)).sum::<f64>() / STEPS as f64;
    let net = warp.moved.iter().map(|&m| f64::from(m)).sum::<f64>().abs() / STEPS as f64;
    BTreeMap::from([
        ("moved".to_owned(), mean),
        ("movedAlike".to_owned(), net),
        ("movedMost".to_owned(), quantile(&moved, 0.9)),
        ("restRows".to_owned(), warp.rest),
    ])
}

/// What is longer, shorter, wider or narrower, and where.
pub(super) fn issue(reference: &Figure, candidate: &Figure, same_side: bool, score: f64) -> Issue {
    let warp = warp(&reference.outline, &candidate.outline, if same_side { 0.6 } else { 0.0 });
    let farthest = (0..STEPS).max_by(|&a, &b| warp.moved[a].abs().total_cmp(&warp.moved[b].abs())).unwrap_or(0);
    let moved = f64::from(warp.moved[farthest]);
    let down = farthest as f64 / STEPS as f64;
    let suggestion = match candidate.nature {
        Nature::Person => "give the height in heads and keep the whole figure in the picture",
        Nature::Thing => "give the width to the height and keep all of it in the picture",
    };
    let suggestion = suggestion.to_owned();
    let severity = Severity::of(score);
    if moved.abs() >= 0.02 || !same_side {
        let below = 100.0 * -moved / (1.0 - down).max(0.1);
        let word = if moved > 0.0 { "lower" } else { "higher" };
        let what = format!(
            "{}: {:.0} % of the height {word}; what is below is {:.0} % {}",
            parts::at(candidate.nature, down),
            100.0 * moved.abs(),
            below.abs(),
            if moved > 0.0 { "shorter" } else { "longer" }
        );
        let place = Some(Evidence::on(candidate, [0.2, (down - 0.06).max(0.0), 0.8, (down + 0.06).min(1.0)]));
        return Issue { severity, what, place, suggestion };
    }
    let apart = rows_apart(&candidate.outline, &reference.outline);
    let row = (0..ROWS).max_by(|&a, &b| apart[a].total_cmp(&apart[b])).unwrap_or(0);
    let down = row as f64 / ROWS as f64;
    let wider = f64::from(candidate.outline.0[row].width - reference.outline.0[row].width);
    let what = format!(
        "{}: {:.0} % of the height {}",
        parts::at(candidate.nature, down),
        100.0 * wider.abs(),
        if wider > 0.0 { "wider" } else { "narrower" }
    );
    let place = Some(Evidence::on(candidate, [0.1, (down - 0.08).max(0.0), 0.9, (down + 0.08).min(1.0)]));
    Issue { severity, what, place, suggestion }
}
