//! The whole scene searched on a coarse grid, at all sizes.

use super::ground::Ground;
use super::place::{Place, overlap};
use super::template::{COARSE, Cell, Template};
use crate::oklab::Lab;

/// From the smallest to the tallest figure, in heights of the scene.
const SMALLEST: f64 = 0.22;
const TALLEST: f64 = 1.05;
const GROWTH: f64 = 1.13;
/// Smaller ones have too few pixels.
const LEAST_TALL: f64 = 40.0;
/// How much of a figure may be below the scene's edge.
pub(super) const MAY_BE_CUT: f64 = 0.25;
/// Distances beyond this are all the same: another thing.
pub(super) const FAR: f32 = 0.16;
/// How much the difference around the figure counts.
pub(super) const AROUND: f32 = 0.3;
/// Lightness counts less than colour, as in `consistency`.
pub(super) const LIGHTNESS: f32 = 0.42;
const MOST: usize = 14;

/// The best places, the best first.
pub(super) fn search(fields: &[Field], ground: &Ground, template: &Template) -> Vec<Place> {
    let mut found: Vec<(f32, Place)> = fields.iter().flat_map(|field| field.minima(template)).collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut best: Vec<Place> = Vec::new();
    for (_, place) in found {
        let boxed = place.on(template, ground);
        if best.iter().all(|other| overlap(&other.on(template, ground), &boxed) < 0.55) {
            best.push(place);
            if best.len() == MOST {
                break;
            }
        }
    }
    best
}

/// The scene at one size of figures: mean colours of squares, half a square apart.
pub(super) struct Field {
    tall: f64,
    across: usize,
    down: usize,
    /// Lightness (already weighed), green-red, blue-yellow.
    channels: [Vec<f32>; 3],
}

impl Field {
    pub(super) fn all(ground: &Ground) -> Vec<Self> {
        let height = ground.height as f64;
        let sizes = (0..).map(|step| SMALLEST * GROWTH.powi(step)).take_while(|size| *size <= TALLEST);
        sizes.map(|size| size * height).filter(|tall| *tall >= LEAST_TALL).map(|tall| Self::of(ground, tall)).collect()
    }

    fn of(ground: &Ground, tall: f64) -> Self {
        let side = tall / COARSE as f64;
        let count = |length: usize| ((length as f64 - side) / (side / 2.0)).floor().max(0.0) as usize + 1;
        let (across, down) = (count(ground.width), count(ground.height));
        let mut channels = [0, 1, 2].map(|_| Vec::with_capacity(across * down));
        for row in 0..down {
            for column in 0..across {
                let lab = ground.mean(column as f64 * side / 2.0, row as f64 * side / 2.0, side);
                let lab = weighed(lab.unwrap_or_default());
                for (channel, value) in channels.iter_mut().zip(lab) {
                    channel.push(value);
                }
            }
        }
        Self { tall, across, down, channels }
    }

    /// Places that are better than the eight around them.
    fn minima(&self, template: &Template) -> Vec<(f32, Place)> {
        let half = self.tall / COARSE as f64 / 2.0;
        let rows = -2..(self.down as i32 - (2.0 * COARSE as f64 * (1.0 - MAY_BE_CUT)) as i32 + 1).max(-1);
        let first = rows.start;
        let costs: Vec<Vec<f32>> = rows.map(|row| self.costs(template, row)).collect();
        let mut minima = Vec::new();
        for (index, row) in costs.iter().enumerate() {
            for (x, &cost) in row.iter().enumerate() {
                let around = costs[index.saturating_sub(1)..(index + 2).min(costs.len())]
                    .iter()
                    .flat_map(|row| &row[x.saturating_sub(1)..(x + 2).min(row.len())]);
                if around.copied().fold(f32::INFINITY, f32::min) >= cost {
                    let place =
                        Place { x: x as f64 * half, top: f64::from(first + index as i32) * half, tall: self.tall };
                    minima.push((cost, place));
                }
            }
        }
        minima
    }

    /// With the top at this row, for each column of the axis.
    fn costs(&self, template: &Template, top: i32) -> Vec<f32> {
        let mut inside = vec![0.0; self.across];
        let mut around = vec![0.0; self.across];
        let within = self.add(&mut inside, &template.coarse.cells, top, FAR * FAR);
        let beside = self.add(&mut around, &template.coarse.ring, top, 0.5 * FAR * FAR);
        let cut = 1.0 - within as f32 / template.coarse.cells.len().max(1) as f32;
        let mean = |(inside, around): (&f32, &f32)| {
            inside / within.max(1) as f32 - AROUND * around / beside.max(1) as f32 + cut * 0.3 * FAR * FAR
        };
        inside.iter().zip(&around).map(mean).collect()
    }

    /// Adds each cell's difference for every column of the axis; returns how many cells are not cut off.
    fn add(&self, sums: &mut [f32], cells: &[Cell], top: i32, beyond: f32) -> usize {
        let mut counted = 0;
        for cell in cells {
            let row = top + 2 * cell.row;
            if row < 0 || row >= self.down as i32 {
                continue;
            }
            counted += 1;
            let [l, a, b] = weighed(cell.lab);
            let shift = 2 * cell.column;
            let from = (-shift).clamp(0, self.across as i32) as usize;
            let to = (self.across as i32 - shift).clamp(from as i32, self.across as i32) as usize;
            for sum in &mut sums[..from] {
                *sum += beyond;
            }
            for sum in &mut sums[to..] {
                *sum += beyond;
            }
            if from == to {
                continue;
            }
            let start = row as usize * self.across + (from as i32 + shift) as usize;
            let [ls, as_, bs] = [0, 1, 2].map(|i| &self.channels[i][start..start + (to - from)]);
            for (((sum, &x), &y), &z) in sums[from..to].iter_mut().zip(ls).zip(as_).zip(bs) {
                let far = (x - l) * (x - l) + (y - a) * (y - a) + (z - b) * (z - b);
                *sum += if far < FAR * FAR { far } else { FAR * FAR };
            }
        }
        counted
    }
}

pub(super) fn weighed([l, a, b]: Lab) -> Lab {
    [l * LIGHTNESS, a, b]
}
