//! Words for how a figure is drawn, from its pixels: tones, grain, colour.
//!
//! Thresholds stand where rendered figures in six styles, the same as WebP, and the same with noise part; `tests.rs`
//! holds them on other characters than they were set on. A film grain finer than the figure's own frame is not seen.

use super::pattern;
use crate::consistency::{Nature, Pixels};

/// The median slope of lightness away from edges: at most 0.0009 without shading, 0.0020 or more with it.
const FLAT: f64 = 0.0014;
/// The median bend of lightness away from edges: at most 0.0016 without noise, 0.005 or more with it.
const GRAINY: f64 = 0.004;
/// The mean chroma: at most 0.005 in drawings without colour, 0.019 or more with any.
const COLOURLESS: f64 = 0.010;
/// The share of thin dark lines: 0.04 or more in line drawings.
const INKED: f64 = 0.025;
/// The share of highlights: nearly white, colourless, and much lighter than most of the figure.
const GLOSSY: f64 = 0.004;
/// A slope from which on a pixel is an edge's.
const EDGE: f32 = 0.03;

/// In the order in which a prompt says them.
pub(super) fn words(nature: Nature, figure: Pixels<'_>) -> Vec<String> {
    let texture = Texture::of(figure);
    let tones = if texture.bend >= GRAINY {
        // Noise hides whether there is shading below it.
        "grainy"
    } else if texture.slope >= FLAT {
        "soft shading"
    } else if texture.chroma < COLOURLESS && texture.ink >= INKED {
        "line drawing"
    } else {
        "flat tones"
    };
    let colourless = (texture.chroma < COLOURLESS).then_some("black and white");
    let own = match nature {
        Nature::Person => pattern::of_upper_body(figure).map(|pattern| format!("{} upper body", pattern.word())),
        Nature::Thing => (texture.gloss >= GLOSSY && texture.slope >= FLAT).then(|| "glossy".to_owned()),
    };
    [Some(tones), colourless].into_iter().flatten().map(str::to_owned).chain(own).collect()
}

struct Texture {
    slope: f64,
    bend: f64,
    chroma: f64,
    ink: f64,
    gloss: f64,
}

impl Texture {
    fn of(figure: Pixels<'_>) -> Self {
        let Pixels { across, labs, solid, .. } = figure;
        let places: Vec<usize> = (0..labs.len()).filter(|&at| solid[at]).collect();
        // Every solid pixel has figure on all four sides, so none of these leaves the frame.
        let light = |at: usize| labs[at][0];
        let slope = |at: usize| (light(at + 1) - light(at - 1)).hypot(light(at + across) - light(at - across)) / 2.0;
        let bend = |at: usize| {
            (light(at) - (light(at - 1) + light(at + 1) + light(at - across) + light(at + across)) / 4.0).abs()
        };
        let calm: Vec<usize> = places.iter().copied().filter(|&at| is_calm(figure, at, slope)).collect();
        let lined = |at: usize, step: usize| {
            at >= step && at + step < labs.len() && light(at - step).min(light(at + step)) - light(at) > 0.10
        };
        let inked = places.iter().filter(|&&at| lined(at, 2) || lined(at, 2 * across)).count();
        let chroma = places.iter().map(|&at| f64::from(labs[at][1].hypot(labs[at][2]))).sum::<f64>();
        let typical = median(places.iter().map(|&at| light(at)).collect()) as f32;
        let highlight = |at: &&usize| {
            let [l, a, b] = labs[**at];
            l > 0.93 && l > typical + 0.25 && a.hypot(b) < 0.03
        };
        let highlights = places.iter().filter(highlight).count();
        let all = places.len().max(1) as f64;
        Self {
            slope: median(calm.iter().map(|&at| slope(at)).collect()),
            bend: median(calm.iter().map(|&at| bend(at)).collect()),
            chroma: chroma / all,
            ink: inked as f64 / all,
            gloss: highlights as f64 / all,
        }
    }
}

/// No edge within two pixels: patterns and outlines say nothing of the shading.
fn is_calm(figure: Pixels<'_>, at: usize, slope: impl Fn(usize) -> f32) -> bool {
    let Pixels { across, labs, solid, .. } = figure;
    let (x, y) = (at % across, at / across);
    if x < 2 || y < 2 || x + 2 >= across || (y + 2) * across >= labs.len() {
        return false;
    }
    (y - 2..=y + 2).all(|y| (x - 2..=x + 2).map(|x| y * across + x).all(|near| solid[near] && slope(near) < EDGE))
}

fn median(mut values: Vec<f32>) -> f64 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().map_or(0.0, f64::from)
}
