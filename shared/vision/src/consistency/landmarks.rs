//! The outline row by row, and the heights of chin, waist, hem and knee on it. Heights stay the same
//! when a figure turns, but waist and knee are found by colour: a cape seen from the side moves them.

use super::canon::{COLUMNS, Canon, ROWS};
use super::cells::tolerant;
use crate::oklab::Lab;

/// Heights above the feet as shares of the figure's height; `None` where nothing marks them.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Landmarks {
    /// The neck, where the figure is narrowest below its head.
    pub chin: Option<f64>,
    /// The narrowest place of the trunk, or where its colour changes.
    pub waist: Option<f64>,
    /// Where legs or feet become two.
    pub hem: Option<f64>,
    /// Where the colour of the legs changes: boots, or a hem above bare legs.
    pub knee: Option<f64>,
}

/// One row of a figure; lengths are shares of its height.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    /// How far the figure reaches to both sides of its axis.
    pub(super) left: f32,
    pub(super) right: f32,
    /// Of what is figure.
    pub(super) width: f32,
    /// The middle colour.
    pub(super) lab: Lab,
}

/// All rows, from the top.
#[derive(Debug, Clone)]
pub(super) struct Outline(pub(super) Vec<Row>);

impl Outline {
    pub(super) fn of(canon: &Canon) -> Self {
        Self((0..ROWS).map(|row| Self::row(canon, row)).collect())
    }

    fn row(canon: &Canon, row: usize) -> Row {
        let span = row * COLUMNS..(row + 1) * COLUMNS;
        let inside = &canon.inside[span.clone()];
        let mut columns = (0..COLUMNS).filter(|&column| inside[column]);
        let Some(first) = columns.next() else { return Row::default() };
        let last = columns.next_back().unwrap_or(first);
        let mut labs: Vec<Lab> = canon.labs[span.clone()]
            .iter()
            .zip(&canon.solid[span])
            .filter_map(|(lab, solid)| solid.then_some(*lab))
            .collect();
        let lab = if labs.is_empty() {
            canon.labs[row * COLUMNS + (first + last) / 2]
        } else {
            [0, 1, 2].map(|channel| {
                labs.sort_by(|a, b| a[channel].total_cmp(&b[channel]));
                labs[labs.len() / 2][channel]
            })
        };
        let share = |pixels: f32| pixels / ROWS as f32;
        Row {
            left: share(COLUMNS as f32 / 2.0 - first as f32),
            right: share(last as f32 + 1.0 - COLUMNS as f32 / 2.0),
            width: share(inside.iter().filter(|&&inside| inside).count() as f32),
            lab,
        }
    }

    /// Seen in a mirror.
    pub(super) fn mirrored(&self) -> Self {
        Self(self.0.iter().map(|row| Row { left: row.right, right: row.left, ..*row }).collect())
    }

    /// The mean width of the rows between two shares of the height, from the top.
    pub(super) fn width(&self, from: f64, to: f64) -> f64 {
        let rows = &self.0[(from * ROWS as f64) as usize..(to * ROWS as f64) as usize];
        rows.iter().map(|row| f64::from(row.width)).sum::<f64>() / rows.len().max(1) as f64
    }
}

impl Landmarks {
    pub(super) fn of(canon: &Canon, outline: &Outline) -> Self {
        let widths: Vec<f32> = outline.0.iter().map(|row| row.width).collect();
        let smooth: Vec<f32> = (0..ROWS)
            .map(|row| {
                let near = &widths[row.saturating_sub(2)..(row + 3).min(ROWS)];
                near.iter().sum::<f32>() / near.len() as f32
            })
            .collect();
        let height = |row: usize| 1.0 - row as f64 / ROWS as f64;
        let at = |share: f64| (share * ROWS as f64) as usize;

        // The neck has something wider above and below.
        let neck = narrowest(&smooth, at(0.12), at(0.40)).filter(|&neck| {
            let widest = |rows: &[f32]| rows.iter().copied().fold(0.0, f32::max);
            smooth[neck] < 0.85 * widest(&smooth[..neck]) && smooth[neck] < 0.85 * widest(&smooth[neck..at(0.5)])
        });
        let forked = |row: usize| split_below(canon, row);
        let hem = (at(0.45)..at(0.985)).find(|&row| (row..(row + 6).min(at(0.99))).all(forked));
        let waist = step(outline, at(0.38), at(0.62));
        let knee = step(outline, at(0.66).max(waist.unwrap_or(0) + 10), at(0.93));
        Self { chin: neck.map(height), waist: waist.map(height), hem: hem.map(height), knee: knee.map(height) }
    }

    /// Each with its name.
    pub(super) fn named(&self) -> [(&'static str, Option<f64>); 4] {
        [("chin", self.chin), ("waist", self.waist), ("hem", self.hem), ("knee", self.knee)]
    }
}

fn narrowest(widths: &[f32], from: usize, to: usize) -> Option<usize> {
    (from..to).min_by(|&a, &b| widths[a].total_cmp(&widths[b]))
}

/// Backdrop near the axis with figure to both sides.
fn split_below(canon: &Canon, row: usize) -> bool {
    let row = &canon.inside[row * COLUMNS..(row + 1) * COLUMNS];
    let middle = COLUMNS / 2;
    (middle - 8..middle + 8).any(|x| {
        !row[x] && row[middle - 40..x].iter().any(|&near| near) && row[x..middle + 40].iter().any(|&near| near)
    })
}

/// The row where the middle colour changes most, if it changes much.
fn step(outline: &Outline, from: usize, to: usize) -> Option<usize> {
    const SPAN: usize = 5;
    let change = |row: usize| tolerant(outline.0[row - SPAN].lab, outline.0[(row + SPAN).min(ROWS - 1)].lab);
    let row = (from.max(SPAN)..to).max_by(|&a, &b| change(a).total_cmp(&change(b)))?;
    (change(row) > 0.05).then_some(row)
}
