//! From the colours that a file speaks of to sRGB, which is what everything else here measures, encodes and shows.
//!
//! A file without a word on its colours is sRGB. A profile that cannot be read, or that no device can have, is left
//! out: the pixels are sound without it. The arithmetic is `moxcms`'s. Not here: where a file keeps its profile
//! (`gate`).

mod conversion;

mod cicp;
mod gamma;
mod icc;

pub(crate) use cicp::CodePoints;
pub(crate) use gamma::{Chromaticities, Gamma};
pub(crate) use icc::LONGEST as LONGEST_PROFILE;

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout};

use conversion::Conversion;

/// What a file says of its colours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// An ICC profile, as it is in the file.
    Icc(Vec<u8>),
    /// Code points of ITU-T H.273.
    Cicp(CodePoints),
    /// A tone curve, primaries, or both.
    Gamma(Gamma),
}

/// A colour space other than sRGB.
pub(crate) struct Space {
    profile: ColorProfile,
    /// Black is 16 and white 235, as in video.
    narrow: bool,
}

impl Space {
    /// `None` for what cannot be read, and for what is sRGB by its own words.
    pub(crate) fn of(said: &Said) -> Option<Self> {
        let (profile, narrow) = match said {
            Said::Icc(bytes) => (icc::profile(bytes), false),
            Said::Cicp(points) => (cicp::profile(*points), !points.full_range),
            Said::Gamma(gamma) => (gamma::profile(gamma), false),
        };
        profile.map(|profile| Self { profile, narrow })
    }

    fn is_of(&self, pixels: DataColorSpace) -> bool {
        self.profile.color_space == pixels
    }
}

/// The picture in sRGB with 8 bits a channel, whatever it had. Channels that are deeper are converted before they lose
/// bits.
pub(crate) fn to_srgb(image: DynamicImage, space: Option<&Space>) -> DynamicImage {
    match space {
        Some(space) if space.is_of(DataColorSpace::Rgb) => eight_bits(of_colours(image, space)),
        Some(space) if space.is_of(DataColorSpace::Gray) => eight_bits(of_greys(image, space)),
        // A profile of inks, for pixels that are light.
        Some(_) | None => eight_bits(image),
    }
}

/// Cyan, magenta, yellow and black of 8 bits, where 255 is no ink, become rows of R, G, B.
pub(crate) fn inks_to_srgb(mut samples: Vec<u8>, space: Option<&Space>) -> Vec<u8> {
    let printed = space.filter(|space| space.is_of(DataColorSpace::Cmyk));
    match printed.and_then(|space| Conversion::new(&space.profile, Layout::Rgba, Layout::Rgb, false)) {
        Some(conversion) => {
            samples.iter_mut().for_each(|ink| *ink = 255 - *ink);
            conversion.shrink(&mut samples, (4, 3));
        }
        None => {
            let light = |ink: u8, black: u8| ((u16::from(ink) * u16::from(black) + 127) / 255) as u8;
            for at in 0..samples.len() / 4 {
                let [c, m, y, k] = [0, 1, 2, 3].map(|ink| samples[4 * at + ink]);
                samples[3 * at..3 * at + 3].copy_from_slice(&[c, m, y].map(|ink| light(ink, k)));
            }
            samples.truncate(samples.len() / 4 * 3);
        }
    }
    samples
}

fn of_colours(image: DynamicImage, space: &Space) -> DynamicImage {
    // Grey pixels with a profile of three channels, as cameras and editors write them.
    let mut image = match image {
        DynamicImage::ImageLuma8(_) => DynamicImage::ImageRgb8(image.into_rgb8()),
        DynamicImage::ImageLumaA8(_) => DynamicImage::ImageRgba8(image.into_rgba8()),
        DynamicImage::ImageLuma16(_) => DynamicImage::ImageRgb16(image.into_rgb16()),
        DynamicImage::ImageLumaA16(_) => DynamicImage::ImageRgba16(image.into_rgba16()),
        colours => colours,
    };
    if space.narrow {
        widen(&mut image);
    }
    let layout = if image.color().has_alpha() { Layout::Rgba } else { Layout::Rgb };
    if let Some(conversion) = Conversion::new(&space.profile, layout, layout, is_deep(&image)) {
        conversion.apply(&mut image);
    }
    image
}

/// Levels of video to levels of pictures. Alpha has its whole range in both.
fn widen(image: &mut DynamicImage) {
    let wide = |value: f32, unit: f32| ((value / unit - 16.0) * 255.0 / 219.0 * unit).clamp(0.0, 255.0 * unit).round();
    let wide8 = |value: &mut u8| *value = wide(f32::from(*value), 1.0) as u8;
    let wide16 = |value: &mut u16| *value = wide(f32::from(*value), 257.0) as u16;
    match image {
        DynamicImage::ImageRgb8(pixels) => pixels.iter_mut().for_each(wide8),
        DynamicImage::ImageRgba8(pixels) => pixels.pixels_mut().for_each(|p| p.0[..3].iter_mut().for_each(wide8)),
        DynamicImage::ImageRgb16(pixels) => pixels.iter_mut().for_each(wide16),
        DynamicImage::ImageRgba16(pixels) => pixels.pixels_mut().for_each(|p| p.0[..3].iter_mut().for_each(wide16)),
        // Grey became colour before, and no decoder here gives floating point.
        _ => {}
    }
}

fn of_greys(mut image: DynamicImage, space: &Space) -> DynamicImage {
    let layout = if image.color().has_alpha() { Layout::GrayAlpha } else { Layout::Gray };
    if !image.color().has_color()
        && let Some(conversion) = Conversion::new(&space.profile, layout, layout, is_deep(&image))
    {
        conversion.apply(&mut image);
    }
    image
}

fn is_deep(image: &DynamicImage) -> bool {
    image.color().bits_per_pixel() > u16::from(image.color().channel_count()) * 8
}

fn eight_bits(image: DynamicImage) -> DynamicImage {
    if image.color().has_alpha() {
        DynamicImage::ImageRgba8(image.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(image.into_rgb8())
    }
}

/// A profile that strangers made is no reason to lose a picture, whatever it makes the library do.
fn guarded<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten()
}
