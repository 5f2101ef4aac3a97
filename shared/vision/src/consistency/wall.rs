//! The backdrop's colour at each pixel, told from the border: one colour, or a smooth course of colours (a studio's
//! gradient, a vignette), or one for each row (a floor that meets a wall).

use crate::oklab::{self, Lab};

/// How near the border must come to a course for it to be one.
const NEAR: f32 = 0.05;
/// How much of the border must.
const OF_BORDER: f64 = 0.8;
/// Terms of a course: 1, x, y, x², xy, y².
const TERMS: usize = 6;

/// The backdrop that would be seen without the figure.
pub(super) enum Wall {
    /// The border's median.
    Even(Lab),
    /// For each pixel: a surface of the second degree.
    Course(Vec<Lab>),
    /// For each pixel, from both ends of its row. The border's ends are near it by definition, so it proves least.
    Rows(Vec<Lab>),
}

impl Wall {
    pub(super) fn at(&self, at: usize) -> Lab {
        match self {
            Self::Even(lab) => *lab,
            Self::Course(labs) | Self::Rows(labs) => labs[at],
        }
    }
}

/// The courses that the border follows, the likeliest first.
pub(super) fn courses(labs: &[Lab], width: usize, height: usize) -> Vec<Wall> {
    let border: Vec<usize> = (0..labs.len())
        .filter(|at| {
            let (x, y) = (at % width, at / width);
            x == 0 || y == 0 || x == width - 1 || y == height - 1
        })
        .collect();
    let share = |course: &Wall| {
        let near = border.iter().filter(|&&at| oklab::distance(labs[at], course.at(at)) < NEAR).count();
        near as f64 / border.len() as f64
    };
    let found = [Wall::Course(smooth(labs, width, height, &border)), Wall::Rows(by_rows(labs, width, height))];
    let mut found: Vec<(f64, Wall)> = found.into_iter().map(|course| (share(&course), course)).collect();
    found.retain(|(share, _)| *share >= OF_BORDER);
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, course)| course).collect()
}

/// A surface of the second degree through the border; what lies far from it (a figure that is cut by the frame) counts
/// less and less.
fn smooth(labs: &[Lab], width: usize, height: usize, border: &[usize]) -> Vec<Lab> {
    let terms = |at: usize| {
        let x = 2.0 * (at % width) as f64 / width as f64 - 1.0;
        let y = 2.0 * (at / width) as f64 / height as f64 - 1.0;
        [1.0, x, y, x * x, x * y, y * y]
    };
    let value =
        |terms: &[f64; TERMS], factors: &[f64; TERMS]| terms.iter().zip(factors).map(|(a, b)| a * b).sum::<f64>();
    let mut factors = [[0.0; TERMS]; 3];
    let mut weights = vec![1.0; border.len()];
    for _ in 0..6 {
        for (channel, factors) in factors.iter_mut().enumerate() {
            let samples =
                border.iter().zip(&weights).map(|(&at, &weight)| (terms(at), f64::from(labs[at][channel]), weight));
            *factors = least_squares(samples);
        }
        for (weight, &at) in weights.iter_mut().zip(border) {
            let off = (0..3).map(|c| (value(&terms(at), &factors[c]) - f64::from(labs[at][c])).powi(2)).sum::<f64>();
            *weight = 1.0 / (1.0 + off / 0.0004).powi(2);
        }
    }
    (0..labs.len()).map(|at| [0, 1, 2].map(|c| value(&terms(at), &factors[c]) as f32)).collect()
}

/// Solves the normal equations by elimination; a little ridge keeps them solvable.
fn least_squares(samples: impl Iterator<Item = ([f64; TERMS], f64, f64)>) -> [f64; TERMS] {
    let mut rows = [[0.0; TERMS + 1]; TERMS];
    for (terms, value, weight) in samples {
        for (row, own) in rows.iter_mut().zip(terms) {
            for (cell, other) in row.iter_mut().zip(terms.into_iter().chain([value])) {
                *cell += weight * own * other;
            }
        }
    }
    for at in 0..TERMS {
        rows[at][at] += 1e-6;
        let pivot = rows[at];
        for (other, row) in rows.iter_mut().enumerate().filter(|(other, _)| *other != at) {
            debug_assert_ne!(other, at);
            let factor = row[at] / pivot[at];
            for (cell, above) in row.iter_mut().zip(pivot) {
                *cell -= factor * above;
            }
        }
    }
    std::array::from_fn(|at| rows[at][TERMS] / rows[at][at])
}

/// Each row from its left end to its right end; an end is the middle one of the pixels near it.
fn by_rows(labs: &[Lab], width: usize, height: usize) -> Vec<Lab> {
    let end = |row: usize, from: usize| {
        let mut values: Vec<Lab> = (from..from + 4).map(|x| labs[row * width + x.min(width - 1)]).collect();
        [0, 1, 2].map(|channel| {
            values.sort_by(|a, b| a[channel].total_cmp(&b[channel]));
            values[2][channel]
        })
    };
    let mut course = Vec::with_capacity(labs.len());
    for row in 0..height {
        let (left, right) = (end(row, 0), end(row, width.saturating_sub(4)));
        course.extend((0..width).map(|x| {
            let share = x as f32 / (width - 1).max(1) as f32;
            [0, 1, 2].map(|c| left[c] + (right[c] - left[c]) * share)
        }));
    }
    course
}
