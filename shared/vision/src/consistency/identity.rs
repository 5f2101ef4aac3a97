//! Who it is: the figure as a learned network sees it, and what colours it has, wherever on it they are.

use std::collections::BTreeMap;

use super::figure::Figure;
use super::hues;
use super::segment::Segment;
use crate::embedding::{Embedder, Embedding};
use crate::oklab::Lab;

/// How much wider than the figure the square is that is looked at.
const MARGIN: f64 = 1.08;
/// Cells of the histogram along lightness and along each of the two axes of colour.
const LIGHT: usize = 8;
const HUES: usize = 12;
/// Colours of pictures lie within this distance of grey, per axis.
const REACH: f32 = 0.3;

/// What is known of who a figure is.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    embedding: Embedding,
    /// Shares of the figure's pixels; a pixel counts in the eight cells around its colour.
    colours: Vec<f32>,
}

impl Identity {
    /// The figure alone, before white, in the middle of a square.
    pub(super) fn of(embedder: &Embedder, segment: &Segment) -> Self {
        let [left, top, right, bottom] = segment.bounds.map(|edge| edge as f64);
        let side = (right - left).max(bottom - top) * MARGIN;
        let corner = [(left + right - side) / 2.0, (top + bottom - side) / 2.0];
        let embedding = embedder.embed_square(side.ceil() as usize, |x, y| {
            let (x, y) = (corner[0] + x as f64, corner[1] + y as f64);
            let within = (0.0..segment.width as f64).contains(&x) && (0.0..segment.height as f64).contains(&y);
            let at = within.then(|| y as usize * segment.width + x as usize)?;
            segment.inside[at].then(|| segment.colours[at])
        });
        let own = segment.labs.iter().zip(&segment.inside).filter_map(|(lab, inside)| inside.then_some(*lab));
        Self { embedding, colours: histogram(own) }
    }
}

/// `stranger` (1 - cosine of the embeddings: 0 for the same picture, 0.35 for one thing photographed twice, 0.75 for two)
/// and `colours` (how much of the figure has colours that the other lacks, 0-1). `None` where a figure was measured
/// without the network.
pub fn measures(a: &Figure, b: &Figure) -> Option<BTreeMap<String, f64>> {
    let (a, b) = (a.identity.as_ref()?, b.identity.as_ref()?);
    let shared: f32 = a.colours.iter().zip(&b.colours).map(|(a, b)| a.min(*b)).sum();
    let measures =
        [("stranger", 1.0 - a.embedding.similarity(&b.embedding)), ("colours", 1.0 - f64::from(shared.min(1.0)))];
    Some(measures.map(|(name, value)| (name.to_owned(), hues::without_rounding(value))).into())
}

fn histogram(labs: impl Iterator<Item = Lab>) -> Vec<f32> {
    let mut cells = vec![0.0_f32; LIGHT * HUES * HUES];
    let mut count = 0.0_f32;
    for [light, a, b] in labs {
        let place = |value: f32, cells: usize| {
            let at = (value.clamp(0.0, 1.0) * (cells - 1) as f32).min(cells as f32 - 1.001);
            (at as usize, at.fract())
        };
        let across = |value: f32| place((value / REACH + 1.0) / 2.0, HUES);
        let axes = [place(light, LIGHT), across(a), across(b)];
        for corner in 0..8_usize {
            let part = |axis: usize| {
                let (at, share) = axes[axis];
                if corner >> axis & 1 == 1 { (at + 1, share) } else { (at, 1.0 - share) }
            };
            let [(light, x), (a, y), (b, z)] = [part(0), part(1), part(2)];
            cells[(light * HUES + a) * HUES + b] += x * y * z;
        }
        count += 1.0;
    }
    cells.iter().map(|cell| cell / count.max(1.0)).collect()
}
