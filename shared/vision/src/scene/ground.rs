//! The scene, shrunk, with sums from which the mean colour of any box is read at once.

use crate::oklab::{self, Lab};
use crate::picture::Picture;

/// The scene's longest side while it is searched.
const WORK: u32 = 512;
/// The least side on which figures can be told apart.
const LEAST: usize = 64;
/// Below this spread of lightness and colour there is nothing in the picture.
const LEAST_SPREAD: f32 = 0.03;

pub(super) struct Ground {
    pub(super) width: usize,
    pub(super) height: usize,
    /// One row and one column more than the picture; each is the sum of all that is above and to the left.
    sums: Vec<[f64; 3]>,
}

impl Ground {
    /// Or why nothing can be found in the picture.
    pub(super) fn of(picture: &Picture) -> Result<Self, &'static str> {
        let small = picture.thumbnail(WORK);
        let (width, height) = (small.width() as usize, small.height() as usize);
        if width < LEAST || height < LEAST {
            return Err("the picture is too small to find figures in it");
        }
        let labs: Vec<Lab> = small.rgb().chunks_exact(3).map(|p| oklab::from_rgb([p[0], p[1], p[2]])).collect();
        if spread(&labs) < LEAST_SPREAD {
            return Err("the picture is flat");
        }
        let mut sums = vec![[0.0; 3]; (width + 1) * (height + 1)];
        for y in 0..height {
            let mut row = [0.0; 3];
            for x in 0..width {
                row = [0, 1, 2].map(|i| row[i] + f64::from(labs[y * width + x][i]));
                let above = sums[y * (width + 1) + x + 1];
                sums[(y + 1) * (width + 1) + x + 1] = [0, 1, 2].map(|i| row[i] + above[i]);
            }
        }
        Ok(Self { width, height, sums })
    }

    /// The mean colour of a square; `None` where its middle is outside.
    pub(super) fn mean(&self, left: f64, top: f64, side: f64) -> Option<Lab> {
        let (columns, rows) = (span(left, side, self.width)?, span(top, side, self.height)?);
        let at = |x: usize, y: usize| self.sums[y * (self.width + 1) + x];
        let corners = [at(columns.1, rows.1), at(columns.0, rows.1), at(columns.1, rows.0), at(columns.0, rows.0)];
        let count = ((columns.1 - columns.0) * (rows.1 - rows.0)) as f64;
        Some([0, 1, 2].map(|i| ((corners[0][i] - corners[1][i] - corners[2][i] + corners[3][i]) / count) as f32))
    }
}

/// Whole pixels, at least one.
fn span(from: f64, side: f64, count: usize) -> Option<(usize, usize)> {
    let middle = from + side / 2.0;
    if middle < 0.0 || middle >= count as f64 {
        return None;
    }
    let first = from.round().clamp(0.0, count as f64 - 1.0) as usize;
    let last = (from + side).round().clamp(0.0, count as f64) as usize;
    Some((first, last.max(first + 1)))
}

fn spread(labs: &[Lab]) -> f32 {
    let range = |channel: usize| {
        let mut values: Vec<f32> = labs.iter().map(|lab| lab[channel]).collect();
        values.sort_by(f32::total_cmp);
        values[values.len() * 98 / 100] - values[values.len() / 50]
    };
    range(0).max(range(1)).max(range(2))
}
