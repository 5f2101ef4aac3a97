//! From which side a figure is seen, told by what turning changes: how much of the face shows and on which side, how
//! wide trunk, head and feet are, where the feet point. All against the same figure's front.

use std::collections::BTreeMap;

use super::canon::{COLUMNS, Canon, ROWS};
use super::cells::{Reach, tolerant};
use super::figure::Figure;
use super::roll;
use super::surface;
use crate::oklab::Lab;

/// What a figure shows of its side by itself.
#[derive(Debug, Clone)]
pub(super) struct Facing {
    /// The colour of the face, if this is a front.
    face: Lab,
    trunk: f64,
    head: f64,
    feet: f64,
    feet_lean: f64,
    head_lean: f64,
}

/// Rows of the head, whatever is worn on it.
const HEAD: (f64, f64) = (0.02, 0.27);

impl Facing {
    pub(super) fn of(canon: &Canon) -> Self {
        let part = |from: f64, to: f64| Mass::of(canon, from, to, |_| true);
        let (trunk, feet, shins, head) = (part(0.28, 0.5), part(0.955, 1.0), part(0.80, 0.92), part(HEAD.0, HEAD.1));
        Self {
            face: face_colour(canon),
            trunk: trunk.width,
            head: head.width,
            feet: feet.reach,
            feet_lean: feet.middle - shins.middle,
            head_lean: head.middle - trunk.middle,
        }
    }
}

/// The pixels of some rows that are wanted.
struct Mass {
    count: usize,
    /// Lengths are shares of the figure's height.
    width: f64,
    middle: f64,
    reach: f64,
}

impl Mass {
    fn of(canon: &Canon, from: f64, to: f64, wanted: impl Fn(usize) -> bool) -> Self {
        let rows = (from * ROWS as f64) as usize..(to * ROWS as f64) as usize;
        let (mut count, mut sum, mut first, mut last) = (0, 0, COLUMNS, 0);
        for row in rows.clone() {
            for column in 0..COLUMNS {
                let at = row * COLUMNS + column;
                if canon.inside[at] && wanted(at) {
                    count += 1;
                    sum += column;
                    first = first.min(column);
                    last = last.max(column + 1);
                }
            }
        }
        let height = ROWS as f64;
        let middle = if count == 0 { 0.0 } else { sum as f64 / count as f64 - COLUMNS as f64 / 2.0 + 0.5 };
        Self {
            count,
            width: count as f64 / rows.len() as f64 / height,
            middle: middle / height,
            reach: last.saturating_sub(first) as f64 / height,
        }
    }
}

/// The commonest colour in the middle of the head that hands have too, or that skin may have.
fn face_colour(canon: &Canon) -> Lab {
    let key = |lab: Lab| [0, 1, 2].map(|i| (lab[i] / [0.07, 0.025, 0.025][i]).round() as i32);
    let mut bins: BTreeMap<[i32; 3], ([f32; 3], f32)> = BTreeMap::new();
    for row in ROWS * 6 / 100..ROWS * 28 / 100 {
        for column in COLUMNS / 2 - 13..COLUMNS / 2 + 13 {
            let at = row * COLUMNS + column;
            if canon.solid[at] {
                let lab = canon.labs[at];
                let (sum, count) = bins.entry(key(lab)).or_default();
                *sum = [0, 1, 2].map(|i| sum[i] + lab[i]);
                *count += 1.0;
            }
        }
    }
    let hands = outermost(canon);
    let worth = |(sum, count): &([f32; 3], f32)| {
        let lab = sum.map(|value| value / count);
        let (hue, chroma) = (lab[2].atan2(lab[1]).to_degrees(), lab[1].hypot(lab[2]));
        let skin = (25.0..85.0).contains(&hue) && (0.02..0.14).contains(&chroma) && (0.35..0.95).contains(&lab[0]);
        let handy = hands.iter().filter(|hand| tolerant(**hand, lab) < 0.035).count().min(60) as f32;
        count * (1.0 + 0.15 * handy) * if skin { 2.0 } else { 1.0 }
    };
    let best = bins.values().max_by(|a, b| worth(a).total_cmp(&worth(b)));
    best.map_or([0.7, 0.03, 0.04], |(sum, count)| sum.map(|value| value / count))
}

/// The colours at both ends of the rows where hands hang.
fn outermost(canon: &Canon) -> Vec<Lab> {
    let mut labs = Vec::new();
    for row in ROWS * 46 / 100..ROWS * 64 / 100 {
        let solid = |column: &usize| canon.solid[row * COLUMNS + column];
        labs.extend((0..COLUMNS).filter(solid).take(4).map(|column| canon.labs[row * COLUMNS + column]));
        labs.extend((0..COLUMNS).rev().filter(solid).take(4).map(|column| canon.labs[row * COLUMNS + column]));
    }
    labs
}

/// How many pixels of the head are clearly darker than the face, with face close by on both sides: eyes, brows, mouth.
fn marks(canon: &Canon, is_face: impl Fn(usize) -> bool, face: Lab, lighter: f32) -> usize {
    const BESIDE: usize = 7;
    let rows = (HEAD.0 * ROWS as f64) as usize..(HEAD.1 * ROWS as f64) as usize;
    let mark = |at: &usize| {
        let side = |mut places: std::ops::Range<usize>| places.any(&is_face);
        canon.solid[*at]
            && canon.labs[*at][0] - lighter < face[0] - 0.10
            && side(at - BESIDE..*at)
            && side(at + 1..at + 1 + BESIDE)
    };
    (rows.start * COLUMNS..rows.end * COLUMNS).filter(mark).count()
}

/// What `candidate` shows of its side, against the front `master`.
pub(super) fn measures(master: &Figure, candidate: &Figure) -> BTreeMap<String, f64> {
    let face = master.facing.face;
    let faces = |figure: &Figure| {
        let lighter = figure.cells.lighter_than(&master.cells);
        let is_face = |at: usize| {
            let [l, a, b] = figure.canon.labs[at];
            figure.canon.solid[at] && tolerant([l - lighter, a, b], face) < 0.032
        };
        (Mass::of(&figure.canon, HEAD.0, HEAD.1, is_face), marks(&figure.canon, is_face, face, lighter))
    };
    let ((own, own_marks), (shown, shown_marks)) = (faces(master), faces(candidate));
    let head = Mass::of(&candidate.canon, HEAD.0, HEAD.1, |_| true);
    let (a, b) = (&master.facing, &candidate.facing);
    let ratio = |a: f64, b: f64| ((b + 0.01) / (a + 0.01)).ln();
    let lighter = candidate.cells.lighter_than(&master.cells);
    let mirrored = master.mirrored();
    let unlike_front = [master, &mirrored].map(|front| {
        let distances = candidate.cells.distances(&front.cells, Reach::Near, lighter);
        distances.iter().map(|&d| f64::from(d)).sum::<f64>() / candidate.cells.covered().max(1) as f64
    });
    let unlike_face = [master, &mirrored].map(|front| {
        let rows = (HEAD.1 * surface::DOWN as f64) as usize;
        let head = candidate.surface.unlike_down_to(&front.surface, rows);
        let patches = head.iter().filter(|&&value| value > 0.0).count();
        head.iter().map(|&value| f64::from(value)).sum::<f64>() / patches.max(1) as f64
    });
    let least = |of: [f64; 2]| (of[0].min(of[1]) + 0.002).ln();
    let face_lean = if shown.count * 40 < own.count { 0.0 } else { shown.middle - head.middle };
    BTreeMap::from([
        ("face".to_owned(), (shown.count as f64 / own.count.max(1) as f64).min(1.6)),
        ("marks".to_owned(), (shown_marks as f64 / own_marks.max(1) as f64).min(1.6)),
        ("trunk".to_owned(), ratio(a.trunk, b.trunk)),
        ("head".to_owned(), ratio(a.head, b.head)),
        ("feet".to_owned(), ratio(a.feet, b.feet)),
        ("unlikeFront".to_owned(), least(unlike_front)),
        ("unlikeFace".to_owned(), least(unlike_face)),
        ("sideFace".to_owned(), face_lean),
        ("sideFeet".to_owned(), b.feet_lean),
        ("sideHead".to_owned(), b.head_lean),
        ("sideFront".to_owned(), roll::lean_to(&candidate.cells, &master.cells)),
    ])
}
