//! What is done to a photograph.

use image::codecs::jpeg::JpegEncoder;
use image::{ImageResult, RgbImage, imageops};
use likeness_vision::Quality;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    None,
    Jpeg60,
    Burnt,
    Blurred,
    Smeared,
    Jpeg10,
    Grain,
}

impl Damage {
    pub(crate) const ALL: [Self; 7] =
        [Self::None, Self::Jpeg60, Self::Burnt, Self::Blurred, Self::Smeared, Self::Jpeg10, Self::Grain];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "clean",
            Self::Jpeg60 => "JPEG 60",
            Self::Burnt => "light x 2.4",
            Self::Blurred => "blur 1.5 px",
            Self::Smeared => "blur 4 px",
            Self::Jpeg10 => "JPEG 10",
            Self::Grain => "grain 20",
        }
    }

    /// Nothing that a buyer would see.
    pub(crate) fn is_fine(self) -> bool {
        match self {
            Self::None | Self::Jpeg60 => true,
            Self::Burnt | Self::Blurred | Self::Smeared | Self::Jpeg10 | Self::Grain => false,
        }
    }

    /// The measure that it is for.
    pub(crate) fn measure(self, quality: &Quality) -> f64 {
        match self {
            Self::None => quality.score,
            Self::Jpeg60 | Self::Jpeg10 => quality.blockiness,
            Self::Burnt => quality.exposure,
            Self::Blurred | Self::Smeared => quality.sharpness,
            Self::Grain => quality.noise,
        }
    }

    pub(crate) fn applied(self, image: &RgbImage) -> ImageResult<RgbImage> {
        Ok(match self {
            Self::None => image.clone(),
            Self::Jpeg60 => jpeg(image, 60)?,
            Self::Jpeg10 => jpeg(image, 10)?,
            Self::Burnt => changed(image, |value, _| value * 2.4),
            Self::Blurred => imageops::blur(image, 1.5),
            Self::Smeared => imageops::blur(image, 4.0),
            Self::Grain => changed(image, |value, chance| value + 20.0 * chance),
        })
    }
}

fn jpeg(image: &RgbImage, quality: u8) -> ImageResult<RgbImage> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(image)?;
    Ok(image::load_from_memory(&bytes)?.into_rgb8())
}

/// `chance` has a normal distribution, nearly: a sum of four.
fn changed(image: &RgbImage, change: impl Fn(f64, f64) -> f64) -> RgbImage {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut changed = image.clone();
    for value in changed.iter_mut() {
        let chance = (uniform() + uniform() + uniform() + uniform() - 2.0) * 3.0_f64.sqrt();
        *value = change(f64::from(*value), chance).round().clamp(0.0, 255.0) as u8;
    }
    changed
}
