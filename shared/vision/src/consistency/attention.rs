//! Where in a picture its subject is, by a learned network: coarse, before any background.
//!
//! A linear model over the network's inner maps (`data/attention.json`), fitted to masks of photographs, generated
//! sheets and artists' 3D models before photographed and studio backgrounds; on subjects left out, its places overlap
//! the true ones to 70 % (photographs) and 75-87 % (studio, sheets).

use std::sync::OnceLock;

use crate::embedding::{Embedder, Map};
use crate::picture::Picture;

/// Places along each side.
pub(super) const SIDE: usize = 28;
/// The side, in pixels, at which the network looks.
const PIXELS: u32 = 224;

/// Odds of a place that is surely the subject's, and how many of those a mask may leave out.
const SURE: f32 = 1.5;
const MISSED: f64 = 0.2;

#[derive(serde::Deserialize)]
struct Model {
    eighth: Vec<f32>,
    sixteenth: Vec<f32>,
    last: Vec<f32>,
    /// Of the mean of all channels of the head.
    strength: f32,
    /// Of x², y², y and x²y², from -1 to 1.
    place: [f32; 4],
    bias: f32,
}

impl Model {
    fn committed() -> &'static Self {
        static MODEL: OnceLock<Model> = OnceLock::new();
        MODEL.get_or_init(|| {
            serde_json::from_str(include_str!("../../data/attention.json")).expect("the committed model is valid")
        })
    }
}

/// Log odds that a place of the picture is its subject's, row by row.
#[derive(Debug, Clone)]
pub(super) struct Attention(Vec<f32>);

impl Attention {
    pub(super) fn of(embedder: &Embedder, picture: &Picture) -> Self {
        let maps = embedder.maps(picture, PIXELS, PIXELS);
        let model = Model::committed();
        let each = model.strength / maps.head.channels as f32;
        let layers = [
            Layer::of(&maps.eighth, &model.eighth),
            Layer::of(&maps.sixteenth, &model.sixteenth),
            Layer::of(&maps.last, &model.last),
            Layer::of(&maps.head, &vec![each; maps.head.channels]),
        ];
        let odds = |at: usize| {
            let shares = [at % SIDE, at / SIDE].map(|at| (at as f32 + 0.5) / SIDE as f32);
            let [x, y] = shares.map(|share| 2.0 * share - 1.0);
            let place = [x * x, y * y, y, x * x * y * y].iter().zip(model.place).map(|(a, b)| a * b).sum::<f32>();
            model.bias + place + layers.iter().map(|layer| layer.at(shares[0], shares[1])).sum::<f32>()
        };
        Self((0..SIDE * SIDE).map(odds).collect())
    }

    /// Whether a good part of what is surely the subject is not `inside`: a wall of its own colour swallowed it.
    pub(super) fn misses(&self, inside: &[bool], width: usize, height: usize) -> bool {
        let (mut sure, mut missed) = (0, 0);
        for at in (0..SIDE * SIDE).filter(|&at| self.0[at] > SURE) {
            let span = |at: usize, side: usize| at * side / SIDE..((at + 1) * side / SIDE).max(at * side / SIDE + 1);
            let (columns, rows) = (span(at % SIDE, width), span(at / SIDE, height));
            let own = rows.clone().flat_map(|row| columns.clone().map(move |column| row * width + column));
            let covered = own.filter(|&at| inside[at]).count();
            sure += 1;
            missed += u32::from(covered * 10 < rows.len() * columns.len());
        }
        f64::from(missed) > MISSED * f64::from(sure.max(1))
    }

    /// At a place given as shares of width and height.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        bilinear(&self.0, SIDE, SIDE, x, y)
    }
}

/// What a map contributes at each of its places.
struct Layer {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Layer {
    fn of(map: &Map, weights: &[f32]) -> Self {
        let value = |place: &[f32]| place.iter().zip(weights).map(|(value, weight)| value * weight).sum();
        let values = map.values.chunks_exact(map.channels).map(value).collect();
        Self { width: map.width, height: map.height, values }
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        bilinear(&self.values, self.width, self.height, x, y)
    }
}

/// Between the middles of places; beyond the outermost ones their values go on.
pub(super) fn bilinear(values: &[f32], width: usize, height: usize, x: f32, y: f32) -> f32 {
    let along = |share: f32, places: usize| {
        let at = (share * places as f32 - 0.5).clamp(0.0, places as f32 - 1.0);
        let first = (at as usize).min(places.saturating_sub(2));
        (first, (first + 1).min(places - 1), at - first as f32)
    };
    let (left, right, u) = along(x, width);
    let (top, bottom, v) = along(y, height);
    let value = |column: usize, row: usize| values[row * width + column];
    (value(left, top) * (1.0 - u) + value(right, top) * u) * (1.0 - v)
        + (value(left, bottom) * (1.0 - u) + value(right, bottom) * u) * v
}
