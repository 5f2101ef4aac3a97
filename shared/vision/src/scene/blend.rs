//! Figures put together from two references: the head of one over the clothes of another.

use super::ground::Ground;
use super::measure::{Seen, near};
use super::place::overlap;
use super::template::Template;
use super::weights::Blending;
use crate::consistency::Figure;
use crate::picture::Picture;

/// Two references in one figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    /// Whose head and, but for `split` 1, upper body.
    pub upper: usize,
    /// Whose the rest is.
    pub lower: usize,
    /// How much better two explain the figure than the best one.
    pub gain: f64,
    /// The part that fits its donor worst.
    pub most: f64,
}

/// The best two of `figures` for the figure at a place: what calibration fits.
pub fn blend(scene: &Picture, figures: &[&Figure], place: &Seen) -> Option<Mix> {
    let templates: Vec<Template> = figures.iter().map(|figure| Template::of(figure)).collect();
    mix(&Ground::of(scene).ok()?, &templates, place)
}

/// The best two for the figure at a place.
pub(super) fn mix(ground: &Ground, templates: &[Template], place: &Seen) -> Option<Mix> {
    let parts: Vec<Option<[f64; 3]>> =
        templates.iter().map(|template| here(ground, template, place)).collect();
    let single = parts.iter().flatten().map(|parts| parts.iter().sum::<f64>()).fold(f64::INFINITY, f64::min);
    let mut best: Option<Mix> = None;
    for (upper, above) in parts.iter().enumerate() {
        for (lower, below) in parts.iter().enumerate() {
            let (Some(above), Some(below)) = (above, below) else { continue };
            if upper == lower {
                continue;
            }
            for split in 1..3 {
                let mixed = [0, 1, 2].map(|part| if part < split { above[part] } else { below[part] });
                let gain = (single - mixed.iter().sum::<f64>()) / 3.0;
                if best.is_none_or(|best| gain > best.gain) {
                    best = Some(Mix { upper, lower, gain, most: mixed.iter().copied().fold(0.0, f64::max) });
                }
            }
        }
    }
    best
}

/// The reference's parts, unless it walked away to somebody else.
fn here(ground: &Ground, template: &Template, place: &Seen) -> Option<[f64; 3]> {
    let seen = near(ground, template, place.at)?;
    (overlap(&seen.place, &place.place) > 0.4).then_some(seen.parts)
}

impl Mix {
    pub(super) fn clear(&self, limits: &Blending) -> bool {
        self.gain > limits.gain && self.most < limits.most
    }
}
