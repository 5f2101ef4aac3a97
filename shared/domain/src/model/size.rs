//! Sizes as endpoints ask for them.

use serde::Deserialize;

/// Models draw sides that are multiples of this: what comes may be that much larger than what was asked for.
pub(super) const STEP: u32 = 16;

/// How an endpoint's output size is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Size {
    /// `image_size` in pixels, each side within these bounds.
    Pixels {
        /// Shortest side.
        min: u32,
        /// Longest side.
        max: u32,
        /// Fewest pixels in all; smaller pictures are made larger in their own shape.
        #[serde(default)]
        min_pixels: u32,
    },
    /// `aspect_ratio`, one megapixel.
    AspectRatio {
        /// `width:height`.
        ratios: Vec<String>,
    },
    /// `resolution_mode`, one megapixel.
    ResolutionMode {
        /// `width:height`.
        ratios: Vec<String>,
    },
    /// `aspect_ratio` and `resolution`.
    Tier {
        /// `width:height`.
        ratios: Vec<String>,
        /// By size, smallest first.
        tiers: Vec<Tier>,
    },
    /// Always the input's own.
    Input,
}

/// A named resolution.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// As the endpoint names it.
    pub name: String,
    /// The side of a square of that many pixels.
    pub side: u32,
}

/// A size as an endpoint understands it, and what will come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// Pixels to be expected.
    pub width: u32,
    /// Pixels to be expected.
    pub height: u32,
    /// The aspect ratio to ask for.
    pub ratio: Option<String>,
    /// The tier to ask for.
    pub tier: Option<String>,
}

impl Size {
    /// The nearest that the endpoint can do to `width` x `height`.
    #[must_use]
    pub fn fit(&self, width: u32, height: u32) -> Fitted {
        match self {
            Self::Pixels { min, max, min_pixels } => {
                let (width, height) = enlarged(width, height, *min_pixels, *max);
                let (width, height) = (width.clamp(*min, *max), height.clamp(*min, *max));
                Fitted { width, height, ratio: None, tier: None }
            }
            Self::AspectRatio { ratios } | Self::ResolutionMode { ratios } => in_ratio(ratios, width, height, 1024),
            Self::Tier { ratios, tiers } => {
                let wanted = f64::from(width) * f64::from(height);
                let off = |tier: &&Tier| (f64::from(tier.side).powi(2) / wanted.max(1.0)).ln().abs();
                let tier = tiers.iter().min_by(|one, other| off(one).total_cmp(&off(other)));
                let side = tier.map_or(1024, |tier| tier.side);
                Fitted { tier: tier.map(|tier| tier.name.clone()), ..in_ratio(ratios, width, height, side) }
            }
            Self::Input => Fitted { width, height, ratio: None, tier: None },
        }
    }
}

/// The same shape with `least` pixels or more, in steps of 16; a shape too long for `max` is made wider.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side in pixels, a few thousand")]
fn enlarged(width: u32, height: u32, least: u32, max: u32) -> (u32, u32) {
    let pixels = f64::from(width) * f64::from(height);
    if pixels >= f64::from(least) {
        return (width, height);
    }
    let by = (f64::from(least) / pixels.max(1.0)).sqrt();
    let side = |side: f64| ((side / 16.0).ceil() * 16.0) as u32;
    let other = side(f64::from(least) / f64::from(max.max(1)));
    match (side(f64::from(width) * by), side(f64::from(height) * by)) {
        (width, _) if width > max => (max, other),
        (_, height) if height > max => (other, max),
        sides => sides,
    }
}

/// The nearest of `ratios`, with as many pixels as a square of `side`, in steps of [`STEP`] as models draw.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side in pixels, a few thousand")]
fn in_ratio(ratios: &[String], width: u32, height: u32, side: u32) -> Fitted {
    let wanted = f64::from(width.max(1)) / f64::from(height.max(1));
    let value = |text: &str| {
        let (width, height) = text.split_once(':')?;
        Some(width.parse::<f64>().ok()? / height.parse::<f64>().ok()?)
    };
    let known = ratios.iter().filter_map(|text| value(text).map(|ratio| (ratio, text)));
    let off = |ratio: f64| (ratio / wanted).ln().abs();
    let Some((ratio, text)) = known.min_by(|(one, _), (other, _)| off(*one).total_cmp(&off(*other))) else {
        return Fitted { width: side, height: side, ratio: None, tier: None };
    };
    let tall = f64::from(side) / ratio.sqrt();
    let step = |length: f64| (length / f64::from(STEP)).round() as u32 * STEP;
    Fitted { width: step(tall * ratio), height: step(tall), ratio: Some(text.clone()), tier: None }
}
