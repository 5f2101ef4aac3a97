//! The colour of each part of a figure, where one clearly rules.

use super::{PartColor, names, rounded};
use crate::consistency::{Nature, Pixels, part_at};
use crate::oklab::{self, Lab};
use crate::palette::dominant;

/// One colour rules where this much of the part has it.
const RULES: f64 = 0.6;
/// Shading and folds move a colour by this much; lightness counts less than hue.
const SHADED: f32 = 0.055;
const LIGHTNESS: f32 = 0.42;

/// From the top down.
pub(super) fn of(nature: Nature, figure: Pixels<'_>) -> Vec<PartColor> {
    let Pixels { across, labs, solid, .. } = figure;
    let down = labs.len() / across;
    let part_of = |row: usize| part_at(nature, (row as f64 + 0.5) / down as f64);
    let mut parts = Vec::new();
    let mut row = 0;
    while row < down {
        let part = part_of(row);
        let rows = row..(row..down).find(|&below| part_of(below) != part).unwrap_or(down);
        row = rows.end;
        let places = rows.start * across..rows.end * across;
        let colours: Vec<Lab> = places.filter(|&at| solid[at]).map(|at| labs[at]).collect();
        parts.extend(ruling(&colours).map(|(colour, share)| PartColor {
            part: part.to_owned(),
            name: names::nearest(colour).to_owned(),
            hex: oklab::hex(colour),
            share: rounded(share),
        }));
    }
    parts
}

/// The mean of all that is a shade of the commonest colour.
fn ruling(colours: &[Lab]) -> Option<(Lab, f64)> {
    let shades = |of: Lab| colours.iter().filter(move |&&colour| apart(colour, of) < SHADED);
    let counted = dominant(colours, 6).map(|(centre, _)| (centre, shades(centre).count()));
    let (centre, count) = counted.fold(None, |best: Option<(Lab, usize)>, next| match best {
        Some(best) if best.1 >= next.1 => Some(best),
        Some(_) | None => Some(next),
    })?;
    let share = count as f64 / colours.len() as f64;
    let sum = shades(centre).fold([0.0_f32; 3], |sum, colour| [0, 1, 2].map(|i| sum[i] + colour[i]));
    (share >= RULES).then(|| (sum.map(|value| value / count as f32), share))
}

/// Of two colours under perhaps different light.
pub(super) fn apart(a: Lab, b: Lab) -> f32 {
    let lightness = LIGHTNESS * (a[0] - b[0]);
    oklab::distance([lightness, a[1], a[2]], [0.0, b[1], b[2]])
}
