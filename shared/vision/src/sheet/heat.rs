//! Where a figure differs from its best counterpart, as a small translucent picture to lay over it.

use crate::consistency::{Figure, Pixels, Relation};
use crate::oklab::{self, Lab};
use crate::picture::Picture;

/// A block of the figure's own frame, in its pixels.
const SIDE: usize = 2;
/// Differences from here to there go from clear to full.
const FAINT: f32 = 0.04;
const FULL: f32 = 0.18;
/// Lightness counts less than hue, as shading is no difference.
const LIGHTNESS: f32 = 0.5;
/// What counts for a block with nothing of the other figure within reach.
const ALONE: f32 = 0.14;

/// The overlay (PNG) and the box that it covers in the candidate's picture, as shares: left, top, width, height.
pub(super) struct Heat {
    pub(super) png: Vec<u8>,
    pub(super) frame: [f64; 4],
}

/// `None` where nothing differs visibly.
pub(super) fn of(candidate: &Figure, reference: &Figure, relation: Relation) -> Option<Heat> {
    let (own, other) = (Blocks::of(candidate.pixels()), Blocks::of(reference.pixels()));
    let lighter = (own.lightness() - other.lightness()).clamp(-0.06, 0.06);
    // Turned figures share heights only.
    let (down, aside) = match relation {
        Relation::Same => (3, 3),
        Relation::Near | Relation::Turned | Relation::Opposite => (3, own.across),
    };
    let mut seen = false;
    let pixels = (0..own.labs.len()).flat_map(|at| {
        let apart =
            own.labs[at].map_or(0.0, |[l, a, b]| other.nearest([l - lighter, a, b], own.place(at), (down, aside)));
        let strength = ((apart - FAINT) / (FULL - FAINT)).clamp(0.0, 1.0);
        seen |= strength > 0.2;
        // From rose to violet and from clear to dense: the difference does not hang on the hue alone. Clothes and skin
        // are seldom of these colours, so that it shows on them.
        let [r, g, b] = [250.0 - 90.0 * strength, 60.0 - 60.0 * strength, 170.0 + 40.0 * strength];
        [r as u8, g as u8, b as u8, (205.0 * strength.sqrt()) as u8]
    });
    let pixels: Vec<u8> = pixels.collect();
    let overlay = Picture::from_rgba(own.across as u32, (own.labs.len() / own.across) as u32, pixels);
    seen.then(|| Heat { png: overlay.to_png(), frame: candidate.pixels().frame })
}

/// The mean colours of the blocks that are mostly figure.
struct Blocks {
    across: usize,
    labs: Vec<Option<Lab>>,
}

impl Blocks {
    fn of(Pixels { across, labs, inside, .. }: Pixels<'_>) -> Self {
        let (wide, high) = (across / SIDE, labs.len() / across / SIDE);
        let block = |index: usize| {
            let (column, row) = (index % wide * SIDE, index / wide * SIDE);
            let places = (row..row + SIDE).flat_map(|y| (column..column + SIDE).map(move |x| y * across + x));
            let (sum, count) = places
                .filter(|&at| inside[at])
                .fold(([0.0_f32; 3], 0), |(sum, count), at| ([0, 1, 2].map(|i| sum[i] + labs[at][i]), count + 1));
            (2 * count >= SIDE * SIDE).then(|| sum.map(|value| value / count as f32))
        };
        Self { across: wide, labs: (0..wide * high).map(block).collect() }
    }

    fn place(&self, at: usize) -> (usize, usize) {
        (at % self.across, at / self.across)
    }

    fn lightness(&self) -> f32 {
        let mut lights: Vec<f32> = self.labs.iter().flatten().map(|lab| lab[0]).collect();
        lights.sort_by(f32::total_cmp);
        lights.get(lights.len() / 2).copied().unwrap_or(0.0)
    }

    /// How far the most alike block within reach is.
    fn nearest(&self, lab: Lab, (x, y): (usize, usize), (down, aside): (usize, usize)) -> f32 {
        let weighed = |[l, a, b]: Lab| [LIGHTNESS * l, a, b];
        let columns = x.saturating_sub(aside)..(x + aside + 1).min(self.across);
        let rows = y.saturating_sub(down)..(y + down + 1).min(self.labs.len() / self.across);
        let near = rows.flat_map(|row| self.labs[row * self.across..][columns.clone()].iter().flatten());
        let least = near.map(|there| oklab::distance(weighed(lab), weighed(*there))).fold(f32::INFINITY, f32::min);
        if least.is_finite() { least } else { ALONE }
    }
}
