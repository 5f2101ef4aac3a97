//! What colour a surface has at a point, before light falls on it.

use crate::colour::{Rgb, mix, scaled};
use crate::face;
use crate::look::{Cloth, Pattern};
use crate::skeleton::Skeleton;
use crate::vector::{Vec3, vec3};

/// What a solid is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Paint {
    /// One colour, matt.
    Plain(Rgb),
    /// Skin with a face on its front.
    Head,
    /// Skin elsewhere.
    Skin(Rgb),
    /// Strands.
    Hair(Rgb),
    /// Cloth, with its pattern.
    Cloth(Cloth),
    /// Cloth of the trunk: the bag's strap and, on a coat, the seam and buttons are drawn on it.
    Trunk { cloth: Cloth, buttoned: bool },
    /// Leather, rubber, horn: a highlight.
    Glossy(Rgb),
    /// Bright and dark with the direction.
    Metal(Rgb),
    /// Gives light.
    Glowing(Rgb),
}

/// How a surface answers to light.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surface {
    pub(crate) colour: [f64; 3],
    /// 0 matt to 1 mirror-like.
    pub(crate) gloss: f64,
    /// 0 lit to 1 giving light.
    pub(crate) glow: f64,
}

impl Surface {
    fn new(colour: Rgb, gloss: f64) -> Self {
        Self { colour: colour.map(f64::from), gloss, glow: 0.0 }
    }

    /// Lays `colour` over what is there.
    pub(crate) fn over(&mut self, colour: Rgb, cover: f64) {
        if cover > 0.0 {
            self.colour = [0, 1, 2].map(|i| self.colour[i] + (f64::from(colour[i]) - self.colour[i]) * cover.min(1.0));
        }
    }
}

impl Paint {
    /// At `point` with this `normal`; `pixel` is the size of a pixel, over which edges are softened.
    pub(crate) fn at(self, point: Vec3, normal: Vec3, pixel: f64, skeleton: Option<&Skeleton<'_>>) -> Surface {
        match self {
            Self::Plain(colour) => Surface::new(colour, 0.0),
            Self::Skin(colour) => Surface::new(colour, 0.10),
            Self::Glossy(colour) => Surface::new(colour, 0.35),
            Self::Glowing(colour) => Surface { glow: 0.85, ..Surface::new(colour, 0.0) },
            Self::Metal(colour) => {
                let sky = 0.5 + 0.5 * normal.y;
                let band = (1.0 - (normal.y - 0.25).abs() * 3.0).max(0.0);
                Surface::new(scaled(colour, 0.55 + 0.5 * sky + 0.35 * band), 0.85)
            }
            Self::Hair(colour) => Surface::new(strands(colour, point, normal), 0.22),
            Self::Cloth(cloth) => Surface::new(woven(cloth, point, pixel), 0.0),
            Self::Trunk { cloth, buttoned } => {
                let mut surface = Surface::new(woven(cloth, point, pixel), if buttoned { 0.12 } else { 0.0 });
                if let Some(skeleton) = skeleton {
                    trim(&mut surface, cloth, buttoned, point, pixel, skeleton);
                }
                surface
            }
            Self::Head => {
                let Some(skeleton) = skeleton else { return Surface::new([200, 160, 130], 0.1) };
                let mut surface = Surface::new(skeleton.look.skin, 0.10);
                face::draw(&mut surface, skeleton, point, pixel);
                surface
            }
        }
    }
}

/// 1 inside an edge, 0 outside, soft over a pixel. `distance` is negative inside.
pub(crate) fn cover(distance: f64, pixel: f64) -> f64 {
    (0.5 - distance / pixel).clamp(0.0, 1.0)
}

/// Seam, buttons and pockets in front, the strap all around.
fn trim(surface: &mut Surface, cloth: Cloth, buttoned: bool, point: Vec3, pixel: f64, skeleton: &Skeleton<'_>) {
    if buttoned && point.z > 0.0 {
        let seam = cover((point.x - 0.012).abs() - 0.0022, pixel);
        surface.over(scaled(cloth.colour, 0.72), seam);
        let rows = 0.055;
        let row = ((skeleton.shoulder - point.y) / rows).round().clamp(1.0, 5.0);
        let centre = vec3(-0.010, skeleton.shoulder - row * rows, point.z);
        surface.over(cloth.accent, cover((point - centre).length() - 0.0078, pixel));
        let (across, down) = ((point.x.abs() - 0.060).abs() - 0.026, (point.y - skeleton.hip + 0.012).abs() - 0.008);
        surface.over(scaled(cloth.colour, 0.78), cover(across.max(down), pixel));
    }
    if let Some((bag, normal, limit)) = skeleton.strap() {
        let strap = (normal.dot(point) - limit).abs();
        surface.over(scaled(bag, 0.7), cover(strap - 0.0115, pixel));
        surface.over(bag, cover(strap - 0.0095, pixel));
    }
}

fn woven(cloth: Cloth, point: Vec3, pixel: f64) -> Rgb {
    /// Distance to the nearest line of a grid with this spacing.
    fn line(at: f64, spacing: f64) -> f64 {
        (at / spacing - (at / spacing).round()).abs() * spacing
    }
    // Around the body, so that a pattern does not swim when it turns.
    let around = point.z.atan2(point.x.abs()) * 0.1 * point.x.signum();
    let ink = match cloth.pattern {
        Pattern::Plain => 0.0,
        Pattern::Stripes => cover(line(point.y, 0.034) - 0.0075, pixel),
        Pattern::Dots => {
            let row = (point.y / 0.03).round();
            let across = line(around + 0.5 * 0.034 * row.rem_euclid(2.0), 0.034);
            cover(across.hypot(point.y - row * 0.03) - 0.007, pixel)
        }
        Pattern::Checks => {
            let across = cover(line(around, 0.032) - 0.0055, pixel);
            0.5 * across + 0.5 * cover(line(point.y, 0.032) - 0.0055, pixel)
        }
    };
    mix(cloth.colour, cloth.accent, ink * 0.85)
}

fn strands(colour: Rgb, point: Vec3, normal: Vec3) -> Rgb {
    let around = normal.x.atan2(normal.z);
    let wave = (around * 26.0 + point.y * 60.0).sin() + 0.6 * (around * 61.0 - point.y * 35.0).sin();
    scaled(colour, 1.0 + 0.075 * wave)
}
