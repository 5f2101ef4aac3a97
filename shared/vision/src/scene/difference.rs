//! Cell by cell, how a place differs from a reference.

use super::search::{FAR, LIGHTNESS};
use super::settle::{Patch, difference};
use super::template::{FINE, Grid};
use crate::oklab::Lab;

/// Parts of a figure, from and to shares of its height.
pub(super) const PARTS: [(&str, [f64; 2]); 3] =
    [("head", [0.0, 0.22]), ("upper body", [0.22, 0.55]), ("legs", [0.55, 1.0])];

/// One cell of the reference.
pub(super) struct Difference {
    part: usize,
    /// How far its colour is from the scene's around it.
    pub(super) gone: f32,
    /// How far the scene's colour is from the reference's around it.
    pub(super) new: f32,
    expected: Lab,
    /// With its lightness weighed.
    actual: Lab,
}

/// Of the cells that are in the picture, in the light that `patch` has.
pub(super) fn differences(patch: &Patch, grid: &Grid) -> Vec<Difference> {
    let relit: Vec<(i32, i32, Lab)> =
        grid.cells.iter().map(|cell| (cell.row, cell.column, patch.relit(cell.lab))).collect();
    let of = |(row, column, lab): (i32, i32, Lab), expected: Lab| {
        let actual = patch.at(row, column)?;
        let beside = relit.iter().filter(|other| (other.0 - row).abs() <= 1 && (other.1 - column).abs() <= 1);
        Some(Difference {
            part: part_of(row),
            gone: patch.nearest(row, column, lab).min(FAR),
            new: beside.map(|other| difference(other.2, actual)).fold(FAR, f32::min),
            expected,
            actual,
        })
    };
    relit.iter().zip(&grid.cells).filter_map(|(&at, cell)| of(at, cell.lab)).collect()
}

/// The mean difference of each part.
pub(super) fn by_part(all: &[Difference]) -> [f64; 3] {
    [0, 1, 2].map(|part| {
        let own = all.iter().filter(|one| one.part == part).map(|one| f64::from(one.gone.max(one.new)));
        let (sum, count) = own.fold((0.0, 0), |(sum, count), far| (sum + far, count + 1));
        sum / f64::from(count.max(1))
    })
}

/// What colour a part should have and has, on the whole.
pub(super) fn colours(all: &[Difference], part: usize) -> Option<(Lab, Lab)> {
    let own: Vec<&Difference> = all.iter().filter(|one| one.part == part).collect();
    let mean = |of: fn(&Difference) -> Lab| {
        let sum = own.iter().fold([0.0; 3], |sum: Lab, one| [0, 1, 2].map(|i| sum[i] + of(one)[i]));
        sum.map(|value| value / own.len() as f32)
    };
    let [l, a, b] = mean(|one| one.actual);
    (!own.is_empty()).then(|| (mean(|one| one.expected), [l / LIGHTNESS, a, b]))
}

fn part_of(row: i32) -> usize {
    let down = (f64::from(row) + 0.5) / FINE as f64;
    PARTS.iter().position(|(_, [_, to])| down < *to).unwrap_or(PARTS.len() - 1)
}
