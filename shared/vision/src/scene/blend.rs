//! Figures put together from two references: the head of one over the clothes of another.

use super::difference::{by_part, differences};
use super::ground::Ground;
use super::measure::Seen;
use super::place::overlap;
use super::settle::{Patch, settle};
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
    let here: Vec<Option<Patch>> = templates.iter().map(|template| patch(ground, template, place)).collect();
    // Whoever covers most of the figure says what the light is.
    let parts = |who: usize, lit_by: usize| {
        let (patch, light) = (here[who].as_ref()?, here[lit_by].as_ref()?.light);
        Some(by_part(&differences(&patch.lit(light), &templates[who].fine)))
    };
    let all = 0..templates.len();
    let singles = all.clone().filter_map(|who| Some(parts(who, who)?.iter().sum::<f64>()));
    let single = singles.fold(f64::INFINITY, f64::min);
    let mut best: Option<Mix> = None;
    for (upper, lower) in all.clone().flat_map(|upper| all.clone().map(move |lower| (upper, lower))) {
        let (Some(above), Some(below)) = (parts(upper, lower), parts(lower, lower)) else { continue };
        for split in if upper == lower { 0..0 } else { 1..3 } {
            let mixed = [0, 1, 2].map(|part| if part < split { above[part] } else { below[part] });
            let gain = (single - mixed.iter().sum::<f64>()) / 3.0;
            if best.is_none_or(|best| gain > best.gain) {
                best = Some(Mix { upper, lower, gain, most: mixed.iter().copied().fold(0.0, f64::max) });
            }
        }
    }
    best
}

/// The scene as the reference would be there, unless it walks away to somebody else.
fn patch(ground: &Ground, template: &Template, place: &Seen) -> Option<Patch> {
    let (_, at) = settle(ground, template, place.at);
    (overlap(&at.on(template, ground), &place.place) > 0.4).then(|| Patch::of(ground, &template.fine, at)).flatten()
}

impl Mix {
    pub(super) fn clear(&self, limits: &Blending) -> bool {
        self.gain > limits.gain && self.most < limits.most
    }
}
