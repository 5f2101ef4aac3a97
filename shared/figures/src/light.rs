//! Light on surfaces, in each style.

use crate::chance::cloud;
use crate::draw::Style;
use crate::paint::Surface;
use crate::vector::{Vec3, vec3};

/// Towards the studio's lamps, in the camera's space (right, up, towards the camera): they turn with the camera.
pub(crate) const KEY: Vec3 = vec3(-0.513, 0.606, 0.608);
const FILL: Vec3 = vec3(0.80, 0.10, 0.59);

/// What reaches a place of a surface.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// Of the key light: 0 in shadow to 1.
    pub(crate) key: f64,
    /// Of the light from all around: 0 in a corner to 1.
    pub(crate) around: f64,
}

impl Reach {
    pub(crate) const ALL: Self = Self { key: 1.0, around: 1.0 };
}

/// The colour to paint, 0-255 per channel. `normal` is in the camera's space; `x`, `y` are a place of the picture,
/// in picture heights, to which brush strokes and paper belong.
pub(crate) fn tone(style: Style, surface: &Surface, normal: Vec3, reach: Reach, (x, y): (f64, f64)) -> [f64; 3] {
    match style {
        Style::Soft => lit(surface, normal, reach, 1.0),
        Style::Photo => {
            let thread =
                1.0 + 0.035 * (cloud(x * 520.0, y * 520.0, 3) - 0.5) + 0.05 * (cloud(x * 60.0, y * 60.0, 4) - 0.5);
            lit(surface, normal, reach, 1.25).map(|value| value * thread)
        }
        Style::Cel => {
            let bright = lambert(normal) * reach.key;
            let step = match bright {
                b if b > 0.50 => 1.04,
                b if b > 0.24 => 0.86,
                _ => 0.68,
            };
            let shine = if highlight(normal, 40.0) * surface.gloss > 0.12 { 60.0 } else { 0.0 };
            let step = step + (1.0 - step) * surface.glow;
            surface.colour.map(|value| value * step + shine)
        }
        Style::Flat => surface.colour,
        Style::Painted => {
            let stroke = cloud(x * 46.0 + y * 30.0, y * 120.0 - x * 60.0, 5) - 0.5;
            let rough = vec3(normal.x + 0.5 * stroke, normal.y + 0.35 * stroke, normal.z).unit();
            let colour = lit(surface, rough, reach, 1.1);
            let warm = 1.0 + 0.10 * stroke;
            [colour[0] * (warm + 0.02), colour[1] * warm, colour[2] * (2.0 - warm) * 0.98]
        }
        Style::Line => {
            let [r, g, b] = surface.colour;
            let dark = 1.0 - (0.299 * r + 0.587 * g + 0.114 * b) / 255.0;
            let shade = (0.55 - lambert(normal) * reach.key).max(0.0);
            let hatch = if ((x + y) * 150.0).rem_euclid(1.0) < shade { 34.0 } else { 0.0 };
            let grey = 250.0 - 185.0 * dark.powf(2.4) - hatch;
            [grey, grey, grey - 3.0]
        }
    }
}

fn lit(surface: &Surface, normal: Vec3, reach: Reach, contrast: f64) -> [f64; 3] {
    let key = lambert(normal) * (0.30 + 0.70 * reach.key);
    let sky = 0.82 + 0.18 * normal.y;
    let ambient = 0.44 * sky * reach.around;
    let fill = 0.17 * normal.dot(FILL).max(0.0) * reach.around;
    let light = ambient + fill + 0.66 * key;
    let light = 0.80 + (light - 0.80) * contrast;
    let light = light + (1.15 - light) * surface.glow;
    let shine = surface.gloss * 190.0 * reach.key * highlight(normal, 10.0 + 60.0 * surface.gloss);
    let rim = 30.0 * (1.0 - normal.z).powi(3) * (0.5 + 0.5 * normal.y) * reach.around;
    // Shadows are a little cool, lights a little warm.
    let tint = [0.955 + 0.075 * key, 0.975 + 0.03 * key, 1.035 - 0.055 * key];
    [0, 1, 2].map(|i| surface.colour[i] * light * tint[i] + shine + rim)
}

/// Wrapped around, as from a large lamp.
fn lambert(normal: Vec3) -> f64 {
    let wrapped = ((normal.dot(KEY) + 0.35) / 1.35).max(0.0);
    wrapped * (2.0 - wrapped) * 0.5 + wrapped * 0.5
}

fn highlight(normal: Vec3, power: f64) -> f64 {
    const HALF: Vec3 = vec3(-0.286, 0.338, 0.897);
    normal.dot(HALF).max(0.0).powf(power)
}
