//! The figure's colours on a coarse grid, and where two grids differ.
//!
//! A cell is compared with the best of several cells of the other figure, so that pose and camera may move a little.

use super::canon::{COLUMNS, Canon, ROWS};
use crate::oklab::Lab;

/// The side of a cell, in the canon's pixels.
pub(super) const SIDE: usize = 4;
/// Cells from top to feet, and across.
pub(super) const DOWN: usize = ROWS / SIDE;
pub(super) const ACROSS: usize = COLUMNS / SIDE;
/// How much a difference of lightness counts against one of colour.
const LIGHTNESS: f32 = 0.42;

/// The mean colour of each cell that is mostly figure.
#[derive(Debug, Clone)]
pub(super) struct Cells(pub(super) Vec<Option<Lab>>);

/// Where a cell of the other figure is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reach {
    /// Close by: both are seen from the same side.
    Near,
    /// A little to the sides: one is turned by 45 degrees at most.
    Beside,
    /// Anywhere at about the same height: one is turned.
    Height,
}

impl Cells {
    pub(super) fn of(canon: &Canon) -> Self {
        let cell = |index: usize| {
            let (column, row) = (index % ACROSS * SIDE, index / ACROSS * SIDE);
            let mut sum = [0.0_f32; 3];
            let mut count = 0;
            for y in row..row + SIDE {
                for x in column..column + SIDE {
                    let at = y * COLUMNS + x;
                    if canon.solid[at] {
                        sum = [0, 1, 2].map(|i| sum[i] + canon.labs[at][i]);
                        count += 1;
                    }
                }
            }
            (count * 2 >= SIDE * SIDE).then(|| sum.map(|value| value / count as f32))
        };
        Self((0..DOWN * ACROSS).map(cell).collect())
    }

    /// Seen in a mirror: the figure's axis is in the middle.
    pub(super) fn mirrored(&self) -> Self {
        Self(self.0.chunks_exact(ACROSS).flat_map(|row| row.iter().rev().copied()).collect())
    }

    pub(super) fn covered(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// How much lighter this figure is on the whole, as far as that may be the light's doing.
    pub(super) fn lighter_than(&self, other: &Self) -> f32 {
        (self.median(0) - other.median(0)).clamp(-0.06, 0.06)
    }

    pub(super) fn median(&self, channel: usize) -> f32 {
        let mut values: Vec<f32> = self.0.iter().flatten().map(|lab| lab[channel]).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    }

    /// For each cell of this figure, how far its colour is from the most alike cell of `other` within reach.
    /// `lighter`: of this figure against the other, to be taken away first. No cell within reach is 0: shape is
    /// another check's matter.
    pub(super) fn distances(&self, other: &Self, reach: Reach, lighter: f32) -> Vec<f32> {
        let mut distances = vec![0.0; self.0.len()];
        let (up, aside) = match reach {
            Reach::Near => (2, 2),
            Reach::Beside => (2, 7),
            Reach::Height => (2, ACROSS),
        };
        for (at, cell) in self.0.iter().enumerate() {
            let Some(mut lab) = *cell else { continue };
            lab[0] -= lighter;
            let (x, y) = (at % ACROSS, at / ACROSS);
            let mut best = f32::INFINITY;
            for row in y.saturating_sub(up)..(y + up + 1).min(DOWN) {
                let columns = x.saturating_sub(aside)..(x + aside + 1).min(ACROSS);
                for there in other.0[row * ACROSS..][columns].iter().flatten() {
                    best = best.min(tolerant(lab, *there));
                }
            }
            if best.is_finite() {
                distances[at] = best;
            }
        }
        distances
    }
}

/// Of colours, with lightness weighing less.
pub(super) fn tolerant(a: Lab, b: Lab) -> f32 {
    let l = LIGHTNESS * (a[0] - b[0]);
    (l * l + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2])).sqrt()
}

/// A connected group of marked places on a grid.
#[derive(Debug, Clone, Default)]
pub(super) struct Patch {
    pub(super) members: Vec<usize>,
    /// The sum of the members' values.
    pub(super) weight: f64,
}

impl Patch {
    /// The heaviest group of neighbouring places whose value is above `least`; each counts by how much it is above.
    pub(super) fn heaviest(values: &[f32], across: usize, least: f32) -> Self {
        let mut seen = vec![false; values.len()];
        let mut heaviest = Self::default();
        for start in 0..values.len() {
            if seen[start] || values[start] <= least {
                continue;
            }
            seen[start] = true;
            let mut members = vec![start];
            let mut next = 0;
            while let Some(&at) = members.get(next) {
                let x = at % across;
                let sides = [
                    (x > 0).then(|| at - 1),
                    (x + 1 < across).then_some(at + 1),
                    at.checked_sub(across),
                    Some(at + across),
                ];
                for near in sides.into_iter().flatten().filter(|&near| near < values.len()) {
                    if !seen[near] && values[near] > least {
                        seen[near] = true;
                        members.push(near);
                    }
                }
                next += 1;
            }
            let weight = members.iter().map(|&at| f64::from(values[at] - least)).sum();
            if weight > heaviest.weight {
                heaviest = Self { members, weight };
            }
        }
        heaviest
    }

    /// Left, top, right, bottom (exclusive) on the grid, as shares of it.
    pub(super) fn bounds(&self, across: usize, down: usize) -> [f64; 4] {
        let bounds = self.members.iter().fold([usize::MAX, usize::MAX, 0, 0], |b, &at| {
            let (x, y) = (at % across, at / across);
            [b[0].min(x), b[1].min(y), b[2].max(x + 1), b[3].max(y + 1)]
        });
        let [left, top, right, bottom] = bounds.map(|side| side as f64);
        [left / across as f64, top / down as f64, right / across as f64, bottom / down as f64]
    }
}
