//! The figure's fine structure: small patches without shading, and how well each is found again in another figure.

use super::canon::{COLUMNS, Canon, ROWS};
use crate::oklab::Lab;

/// Distance between the middles of patches, in the canon's pixels.
const STRIDE: usize = 4;
/// From a patch's middle to its side.
const RADIUS: i64 = 2;
/// How far a patch may move.
const WINDOW: i64 = 6;
/// What a patch counts that has no counterpart at all.
const GONE: f32 = 0.12;
/// The grid of patches.
pub(super) const DOWN: usize = ROWS / STRIDE;
pub(super) const ACROSS: usize = COLUMNS / STRIDE;

/// Colour and lightness against the surroundings, a little blurred.
#[derive(Debug, Clone)]
pub(super) struct Surface {
    values: Vec<Lab>,
    /// Without the rim.
    inside: Vec<bool>,
}

impl Surface {
    pub(super) fn of(canon: &Canon) -> Self {
        let near = Blur::of(canon, 1);
        let wide = Blur::of(canon, 14);
        let value = |at: usize| {
            let (fine, around) = (near.mean(at), wide.mean(at));
            [0.75 * (fine[0] - 0.75 * around[0]), fine[1], fine[2]]
        };
        let values = (0..ROWS * COLUMNS).map(|at| if canon.inside[at] { value(at) } else { [0.0; 3] }).collect();
        Self { values, inside: canon.solid.clone() }
    }

    /// For each patch of the grid, how far it is from the most alike patch of `other` nearby; 0 outside the figure.
    pub(super) fn unlike(&self, other: &Self) -> Vec<f32> {
        self.unlike_down_to(other, DOWN)
    }

    /// Only the uppermost rows of patches.
    pub(super) fn unlike_down_to(&self, other: &Self, rows: usize) -> Vec<f32> {
        let mut found = vec![0.0; rows.min(DOWN) * ACROSS];
        for (at, value) in found.iter_mut().enumerate() {
            let x = (at % ACROSS * STRIDE + STRIDE / 2) as i64;
            let y = (at / ACROSS * STRIDE + STRIDE / 2) as i64;
            if self.inside[y as usize * COLUMNS + x as usize] {
                *value = self.best(other, x, y);
            }
        }
        found
    }

    /// Seen in a mirror.
    pub(super) fn mirrored(&self) -> Self {
        fn turned<T: Copy>(values: &[T]) -> Vec<T> {
            values.chunks_exact(COLUMNS).flat_map(|row| row.iter().rev().copied()).collect()
        }
        Self { values: turned(&self.values), inside: turned(&self.inside) }
    }

    /// The mean over every second patch of the uppermost rows: quick, for many pairs.
    pub(super) fn unlike_on_the_whole(&self, other: &Self, rows: usize) -> f64 {
        let (mut sum, mut count) = (0.0, 0);
        for row in (0..rows.min(DOWN)).step_by(2) {
            for column in (0..ACROSS).step_by(2) {
                let (x, y) = (column * STRIDE + STRIDE / 2, row * STRIDE + STRIDE / 2);
                if self.inside[y * COLUMNS + x] {
                    sum += f64::from(self.best(other, x as i64, y as i64));
                    count += 1;
                }
            }
        }
        sum / f64::from(count.max(1))
    }

    /// Every second shift, then around the best.
    fn best(&self, other: &Self, x: i64, y: i64) -> f32 {
        let mut best = (GONE * GONE, 0, 0);
        let mut attempt = |dx: i64, dy: i64| {
            let found = self.difference(other, (x, y), (dx, dy), best.0);
            if found < best.0 {
                best = (found, dx, dy);
            }
            (best.1, best.2)
        };
        attempt(0, 0);
        for dy in (-WINDOW..=WINDOW).step_by(2) {
            for dx in (-WINDOW..=WINDOW).step_by(2) {
                attempt(dx, dy);
            }
        }
        let (cx, cy) = attempt(0, 0);
        for dy in -1..=1 {
            for dx in -1..=1 {
                attempt(cx + dx, cy + dy);
            }
        }
        best.0.sqrt()
    }

    /// The mean squared difference, or infinity as soon as it is more than `limit` or too little can be compared.
    fn difference(&self, other: &Self, (x, y): (i64, i64), (dx, dy): (i64, i64), limit: f32) -> f32 {
        let (mut sum, mut count, mut own) = (0.0, 0, 0);
        let most = limit * ((2 * RADIUS + 1) * (2 * RADIUS + 1)) as f32;
        for v in -RADIUS..=RADIUS {
            let (row, there) = (y + v, y + v + dy);
            if row < 0 || row >= ROWS as i64 {
                continue;
            }
            let within = (0..ROWS as i64).contains(&there);
            for u in -RADIUS..=RADIUS {
                let (column, beside) = (x + u, x + u + dx);
                if column < 0 || column >= COLUMNS as i64 {
                    continue;
                }
                let at = row as usize * COLUMNS + column as usize;
                if !self.inside[at] {
                    continue;
                }
                own += 1;
                if !within || !(0..COLUMNS as i64).contains(&beside) {
                    continue;
                }
                let to = there as usize * COLUMNS + beside as usize;
                if other.inside[to] {
                    let (a, b) = (self.values[at], other.values[to]);
                    sum +=
                        (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]);
                    count += 1;
                }
            }
            if sum > most {
                return f32::INFINITY;
            }
        }
        if count * 10 < own * 6 || count == 0 { f32::INFINITY } else { sum / count as f32 }
    }
}

/// Means over squares, of what is figure, by summed areas.
struct Blur {
    sums: Vec<[f32; 4]>,
    radius: usize,
}

impl Blur {
    fn of(canon: &Canon, radius: usize) -> Self {
        let mut sums = vec![[0.0; 4]; (ROWS + 1) * (COLUMNS + 1)];
        for y in 0..ROWS {
            let mut row = [0.0; 4];
            for x in 0..COLUMNS {
                let at = y * COLUMNS + x;
                if canon.inside[at] {
                    let [l, a, b] = canon.labs[at];
                    row = [row[0] + l, row[1] + a, row[2] + b, row[3] + 1.0];
                }
                let above = sums[y * (COLUMNS + 1) + x + 1];
                sums[(y + 1) * (COLUMNS + 1) + x + 1] = [0, 1, 2, 3].map(|i| above[i] + row[i]);
            }
        }
        Self { sums, radius }
    }

    fn mean(&self, at: usize) -> Lab {
        let (x, y) = (at % COLUMNS, at / COLUMNS);
        let (left, right) = (x.saturating_sub(self.radius), (x + self.radius + 1).min(COLUMNS));
        let (top, bottom) = (y.saturating_sub(self.radius), (y + self.radius + 1).min(ROWS));
        let sum = |x: usize, y: usize| self.sums[y * (COLUMNS + 1) + x];
        let (a, b, c, d) = (sum(right, bottom), sum(left, bottom), sum(right, top), sum(left, top));
        let area = [0, 1, 2, 3].map(|i| a[i] - b[i] - c[i] + d[i]);
        [0, 1, 2].map(|i| area[i] / area[3].max(1.0))
    }
}
