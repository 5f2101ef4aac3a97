//! A figure cut out of what is around it: colours of both are learned from where it is thought to be, each pixel is
//! pulled to the side that its colour and its place speak for, and to its neighbours where no edge lies between them;
//! then anew.

use crate::oklab::{self, Lab};

/// The picture's longest side while it is cut.
pub(super) const WORK: u32 = 160;
/// Rounds of learning colours.
const ROUNDS: usize = 5;
/// Sweeps over all pixels in each.
const SWEEPS: usize = 12;
/// What a pixel's own evidence weighs against one neighbour of its colour.
const OWN: f32 = 0.06;
/// The most that a place and that a colour may say, as log odds.
const MOST_BY_PLACE: f32 = 4.0;
const MOST_BY_COLOUR: f32 = 2.5;
/// Cells of the colour models along lightness and both axes of colour.
const CELLS: usize = 16;
const REACH: f32 = 0.25;

/// For each pixel how much of it is figure, 0-1. `odds` are those of its place.
pub(super) fn cut(labs: &[Lab], width: usize, height: usize, odds: &[f32]) -> Vec<f32> {
    let cells: Vec<usize> = labs.iter().map(|&lab| cell(lab)).collect();
    let ties = Ties::of(labs, width, height);
    let mut shares: Vec<f32> = odds.iter().map(|&odds| logistic(odds)).collect();
    for round in 0..ROUNDS {
        let colours = colour_odds(&cells, &shares);
        // The place is what is known at first; in the end colours know more.
        let by_place = 1.0 - 0.14 * round as f32;
        let own: Vec<f32> = odds
            .iter()
            .zip(&cells)
            .map(|(odds, &cell)| logistic(by_place * odds.clamp(-MOST_BY_PLACE, MOST_BY_PLACE) + 1.5 * colours[cell]))
            .collect();
        if round == 0 {
            shares.clone_from(&own);
        }
        ties.settle(&own, &mut shares);
    }
    shares
}

fn logistic(odds: f32) -> f32 {
    1.0 / (1.0 + (-odds).exp())
}

fn cell([light, a, b]: Lab) -> usize {
    let along = |share: f32| ((share * CELLS as f32) as usize).min(CELLS - 1);
    let across = |value: f32| along(((value / REACH + 1.0) / 2.0).max(0.0));
    (along(light.max(0.0)) * CELLS + across(a)) * CELLS + across(b)
}

/// How much each colour speaks for the figure, by how often it is in the figure and around it.
fn colour_odds(cells: &[usize], shares: &[f32]) -> Vec<f32> {
    let (mut figure, mut around) = (vec![0.0_f32; CELLS * CELLS * CELLS], vec![0.0_f32; CELLS * CELLS * CELLS]);
    for (&cell, share) in cells.iter().zip(shares) {
        figure[cell] += share;
        around[cell] += 1.0 - share;
    }
    let [figure, around] = [figure, around].map(|counts| smooth(&counts));
    let [all, rest] = [&figure, &around].map(|counts| counts.iter().sum::<f32>().max(1.0));
    let odds = |(figure, around): (&f32, &f32)| {
        let least = 2e-4;
        ((figure / all + least) / (around / rest + least)).ln().clamp(-MOST_BY_COLOUR, MOST_BY_COLOUR)
    };
    figure.iter().zip(&around).map(odds).collect()
}

/// Each cell with its neighbours along the three axes: 1, 2, 1.
fn smooth(counts: &[f32]) -> Vec<f32> {
    let mut counts = counts.to_vec();
    for step in [1, CELLS, CELLS * CELLS] {
        let before = counts.clone();
        for (at, count) in counts.iter_mut().enumerate() {
            let along = at / step % CELLS;
            let below = if along > 0 { before[at - step] } else { before[at] };
            let above = if along + 1 < CELLS { before[at + step] } else { before[at] };
            *count = (below + 2.0 * before[at] + above) / 4.0;
        }
    }
    counts
}

/// How much neighbours have to agree.
struct Ties {
    width: usize,
    /// To the right and to the pixel below, 0 beyond the border.
    right: Vec<f32>,
    below: Vec<f32>,
}

impl Ties {
    fn of(labs: &[Lab], width: usize, height: usize) -> Self {
        let apart = |a: usize, b: usize| oklab::distance(labs[a], labs[b]).powi(2);
        let (mut right, mut below) = (vec![None; labs.len()], vec![None; labs.len()]);
        let (mut sum, mut count) = (0.0, 0.0);
        for at in 0..labs.len() {
            let (x, y) = (at % width, at / width);
            right[at] = (x + 1 < width).then(|| apart(at, at + 1));
            below[at] = (y + 1 < height).then(|| apart(at, at + width));
            for apart in [right[at], below[at]].into_iter().flatten() {
                sum += apart;
                count += 1.0;
            }
        }
        let usual = (2.0 * sum / f32::max(count, 1.0)).max(1e-5);
        let tie = |apart: Option<f32>| apart.map_or(0.0, |apart: f32| (-apart / usual).exp() + 0.01);
        let ties = |apart: Vec<Option<f32>>| apart.into_iter().map(tie).collect();
        Self { width, right: ties(right), below: ties(below) }
    }

    /// Moves each share to the mean of its own evidence and of its neighbours, there and back again.
    fn settle(&self, own: &[f32], shares: &mut [f32]) {
        let ahead = 0..shares.len();
        for sweep in 0..SWEEPS {
            if sweep % 2 == 0 {
                ahead.clone().for_each(|at| self.move_one(own, shares, at));
            } else {
                ahead.clone().rev().for_each(|at| self.move_one(own, shares, at));
            }
        }
    }

    fn move_one(&self, own: &[f32], shares: &mut [f32], at: usize) {
        let (mut sum, mut weight) = (OWN * own[at], OWN);
        let mut pull = |tie: f32, other: usize| {
            sum += tie * shares[other];
            weight += tie;
        };
        if at >= 1 {
            pull(self.right[at - 1], at - 1);
        }
        if at + 1 < own.len() {
            pull(self.right[at], at + 1);
        }
        if at >= self.width {
            pull(self.below[at - self.width], at - self.width);
        }
        if at + self.width < own.len() {
            pull(self.below[at], at + self.width);
        }
        shares[at] = sum / weight;
    }
}
