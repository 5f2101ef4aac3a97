//! A figure brought to one size: always as many rows from its top to its feet, its axis in the middle.

use super::segment::Segment;
use crate::oklab::Lab;

/// Rows from the top of the figure to its feet.
pub(super) const ROWS: usize = 256;
/// Columns, with the figure's axis in the middle.
pub(super) const COLUMNS: usize = 192;

/// A figure in its own frame.
#[derive(Debug, Clone)]
pub(super) struct Canon {
    pub(super) labs: Vec<Lab>,
    /// The figure.
    pub(super) inside: Vec<bool>,
    /// The figure without its rim, whose colours are mixed with the backdrop's.
    pub(super) solid: Vec<bool>,
}

impl Canon {
    /// With the box of the frame in the picture: left, top, width, height as shares of it.
    pub(super) fn of(segment: &Segment) -> (Self, [f64; 4]) {
        let [_, top, _, bottom] = segment.bounds;
        let scale = (bottom - top) as f32 / ROWS as f32;
        let axis = axis(segment);
        let mut canon = Self {
            labs: Vec::with_capacity(ROWS * COLUMNS),
            inside: Vec::with_capacity(ROWS * COLUMNS),
            solid: Vec::new(),
        };
        for row in 0..ROWS {
            let y = top as f32 + (row as f32 + 0.5) * scale - 0.5;
            for column in 0..COLUMNS {
                let x = axis + (column as f32 + 0.5 - COLUMNS as f32 / 2.0) * scale - 0.5;
                let (lab, cover) = sample(segment, x, y);
                canon.labs.push(lab);
                canon.inside.push(cover >= 0.5);
            }
        }
        canon.solid = eroded(&eroded(&canon.inside));
        let (width, height) = (segment.width as f64, segment.height as f64);
        let scale = f64::from(scale);
        let left = f64::from(axis) - COLUMNS as f64 / 2.0 * scale;
        let frame = [left / width, top as f64 / height, COLUMNS as f64 * scale / width, (bottom - top) as f64 / height];
        (canon, frame)
    }

    /// Seen in a mirror.
    pub(super) fn mirrored(&self) -> Self {
        fn turned<T: Copy>(values: &[T]) -> Vec<T> {
            values.chunks_exact(COLUMNS).flat_map(|row| row.iter().rev().copied()).collect()
        }
        Self { labs: turned(&self.labs), inside: turned(&self.inside), solid: turned(&self.solid) }
    }
}

/// The middle of the trunk's rows: arms, bags and capes move it less than the middle of the box.
fn axis(segment: &Segment) -> f32 {
    let [left, top, right, bottom] = segment.bounds;
    let height = bottom - top;
    let mut middles = Vec::new();
    for y in top + height / 20..bottom - height / 10 {
        let row = &segment.inside[y * segment.width..(y + 1) * segment.width];
        let (sum, count) =
            (left..right).filter(|&x| row[x]).fold((0, 0), |(sum, count), x| (sum + 2 * x + 1, count + 1));
        if count > 0 {
            middles.push(sum as f32 / (2 * count) as f32);
        }
    }
    middles.sort_by(f32::total_cmp);
    middles.get(middles.len() / 2).copied().unwrap_or((left + right) as f32 / 2.0)
}

fn sample(segment: &Segment, x: f32, y: f32) -> (Lab, f32) {
    let (left, top) = (x.floor(), y.floor());
    let (u, v) = (x - left, y - top);
    let mut lab = [0.0; 3];
    let mut cover = 0.0;
    for (dx, dy, weight) in [(0, 0, (1.0 - u) * (1.0 - v)), (1, 0, u * (1.0 - v)), (0, 1, (1.0 - u) * v), (1, 1, u * v)]
    {
        let column = left as i64 + dx;
        let row = (top as i64 + dy).clamp(0, segment.height as i64 - 1) as usize;
        let within = (0..segment.width as i64).contains(&column);
        let at = row * segment.width + column.clamp(0, segment.width as i64 - 1) as usize;
        lab = [0, 1, 2].map(|i| lab[i] + segment.labs[at][i] * weight);
        cover += if within && segment.inside[at] { weight } else { 0.0 };
    }
    (lab, cover)
}

fn eroded(inside: &[bool]) -> Vec<bool> {
    let kept = |at: usize| {
        let (x, y) = (at % COLUMNS, at / COLUMNS);
        inside[at]
            && x > 0
            && y > 0
            && x + 1 < COLUMNS
            && y + 1 < ROWS
            && [at - 1, at + 1, at - COLUMNS, at + COLUMNS].iter().all(|&near| inside[near])
    };
    (0..inside.len()).map(kept).collect()
}
