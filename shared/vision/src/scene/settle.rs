//! A place brought to a fraction of a cell, on the finer grid; pose and light may differ a little.

use super::ground::Ground;
use super::place::Place;
use super::search::{AROUND, FAR, MAY_BE_CUT, weighed};
use super::template::{FINE, Grid, Template};
use crate::oklab::Lab;

/// How much lighter and how differently tinted the scene's light may make a figure.
const LIGHTER: f32 = 0.10;
const TINT: f32 = 0.025;
const ROUNDS: usize = 12;

/// Walks downhill from `place`; the cost of where it ends comes with it.
pub(super) fn settle(ground: &Ground, template: &Template, place: Place) -> (f32, Place) {
    let mut best = (cost(ground, template, place), place);
    let mut step = 1.5 / FINE as f64;
    let mut growth = 1.07_f64;
    for _ in 0..ROUNDS {
        let Place { x, top, tall } = best.1;
        let moved = |dx: f64, dy: f64| Place { x: x + dx * step * tall, top: top + dy * step * tall, tall };
        // Around the middle.
        let sized = |by: f64| Place { x, top: top + tall * (1.0 - by) / 2.0, tall: tall * by };
        let steps = [moved(-1.0, 0.0), moved(1.0, 0.0), moved(0.0, -1.0), moved(0.0, 1.0)];
        let tried = steps.into_iter().chain([sized(growth), sized(1.0 / growth)]);
        let next = tried
            .map(|place| (cost(ground, template, place), place))
            .fold(best, |best, next| if next.0 < best.0 { next } else { best });
        if next == best {
            if step < 0.6 / FINE as f64 {
                break;
            }
            step /= 2.0;
            growth = growth.sqrt();
        }
        best = next;
    }
    best
}

fn cost(ground: &Ground, template: &Template, place: Place) -> f32 {
    let Some(patch) = Patch::of(ground, &template.fine, place) else { return f32::INFINITY };
    let mean = |sum: f32, count: usize| sum / count.max(1) as f32;
    let (mut inside, mut count) = (0.0, 0);
    for cell in &template.fine.cells {
        if let Some(exact) = patch.at(cell.row, cell.column) {
            let lab = patch.relit(cell.lab);
            inside += (difference(lab, exact).min(FAR) + patch.nearest(cell.row, cell.column, lab).min(FAR)) / 2.0;
            count += 1;
        }
    }
    mean(inside, count) - AROUND * patch.around(&template.fine)
}

/// The scene's colours where a figure may stand, on the figure's grid.
#[derive(Clone)]
pub(super) struct Patch {
    first: i32,
    across: i32,
    labs: Vec<Option<Lab>>,
    /// How the scene's light changes the reference's colours.
    pub(super) light: Lab,
}

/// Cells around the figure that are sampled too.
const MARGIN: i32 = 3;

impl Patch {
    pub(super) fn of(ground: &Ground, grid: &Grid, place: Place) -> Option<Self> {
        let columns = grid.cells.iter().map(|cell| cell.column);
        let (first, last) = (columns.clone().min()? - MARGIN, columns.max()? + MARGIN + 1);
        let side = place.tall / grid.rows as f64;
        let mut labs = Vec::with_capacity(((last - first) * (grid.rows as i32 + 2 * MARGIN)) as usize);
        for row in -MARGIN..grid.rows as i32 + MARGIN {
            let top = place.top + f64::from(row) * side;
            let left = |column: i32| place.x + f64::from(column) * side;
            labs.extend((first..last).map(|column| ground.mean(left(column), top, side).map(weighed)));
        }
        let mut patch = Self { first, across: last - first, labs, light: [0.0; 3] };
        let seen: Vec<Lab> = grid
            .cells
            .iter()
            .filter_map(|cell| {
                let (there, here) = (patch.at(cell.row, cell.column)?, weighed(cell.lab));
                Some([0, 1, 2].map(|i| there[i] - here[i]))
            })
            .collect();
        if (seen.len() as f64) < (1.0 - MAY_BE_CUT) * grid.cells.len() as f64 {
            return None;
        }
        let most = weighed([LIGHTER, TINT, TINT]);
        patch.light = [0, 1, 2].map(|i| {
            let mut values: Vec<f32> = seen.iter().map(|lab| lab[i]).collect();
            let middle = values.len() / 2;
            let (_, median, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
            median.clamp(-most[i], most[i])
        });
        Some(patch)
    }

    /// The same in another light.
    pub(super) fn lit(&self, light: Lab) -> Self {
        Self { light, ..self.clone() }
    }

    pub(super) fn at(&self, row: i32, column: i32) -> Option<Lab> {
        self.labs[((row + MARGIN) * self.across + column - self.first) as usize]
    }

    /// A reference's colour in the scene's light.
    pub(super) fn relit(&self, lab: Lab) -> Lab {
        let lab = weighed(lab);
        [0, 1, 2].map(|i| lab[i] + self.light[i])
    }

    /// How far the most alike of nine cells is.
    pub(super) fn nearest(&self, row: i32, column: i32, lab: Lab) -> f32 {
        let mut best = f32::INFINITY;
        for y in row - 1..=row + 1 {
            for x in column - 1..=column + 1 {
                if let Some(there) = self.at(y, x) {
                    best = best.min(squared(there, lab));
                }
            }
        }
        best.sqrt()
    }

    /// How much the surroundings differ from the figure.
    pub(super) fn around(&self, grid: &Grid) -> f32 {
        let far = grid.ring.iter().filter_map(|cell| {
            let there = self.at(cell.row, cell.column)?;
            Some(difference(self.relit(cell.lab), there).min(FAR))
        });
        let (sum, count) = far.fold((0.0, 0), |(sum, count), far| (sum + far, count + 1));
        sum / count.max(1) as f32
    }
}

fn squared(a: Lab, b: Lab) -> f32 {
    (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2])
}

/// Of colours whose lightness is weighed already.
pub(super) fn difference(a: Lab, b: Lab) -> f32 {
    squared(a, b).sqrt()
}
