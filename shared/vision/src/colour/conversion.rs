//! A conversion to sRGB that was tried on some colours before it touches a picture.

use std::sync::Arc;

use image::DynamicImage;
use moxcms::{
    ColorProfile, Layout, RenderingIntent, Transform8BitExecutor, Transform16BitExecutor, TransformExecutor,
    TransformOptions,
};

use super::guarded;

/// Most profiles describe their device in the first way, some in one of the others alone.
const INTENTS: [RenderingIntent; 3] =
    [RenderingIntent::Perceptual, RenderingIntent::RelativeColorimetric, RenderingIntent::Saturation];
/// Pixels that are converted at a time: the copy that this takes stays small.
const RUN: usize = 4096;
/// Where white is not lighter than black by this, a profile is damaged, or made to hide the picture.
const LEAST_RANGE: u8 = 64;

pub(super) struct Conversion {
    eight: Arc<Transform8BitExecutor>,
    /// For pictures of 16 bits.
    sixteen: Option<Arc<Transform16BitExecutor>>,
}

impl Conversion {
    /// `None` where the profile is of no use for such pixels, and where it changes none of them.
    pub(super) fn new(profile: &ColorProfile, from: Layout, to: Layout, deep: bool) -> Option<Self> {
        let target = target(to);
        INTENTS
            .iter()
            .find_map(|&rendering_intent| {
                let options =
                    TransformOptions { rendering_intent, prefer_fixed_point: false, ..TransformOptions::default() };
                guarded(|| {
                    let eight = profile.create_transform_8bit(from, &target, to, options).ok()?;
                    let sixteen = deep.then(|| profile.create_transform_16bit(from, &target, to, options).ok());
                    Some(Self { eight, sixteen: sixteen.flatten() })
                })
            })
            .filter(|found| guarded(|| found.is_of_use(from, to)) == Some(true))
    }

    /// Looks at black, white and what lies between them.
    fn is_of_use(&self, from: Layout, to: Layout) -> Option<bool> {
        let probes = probes(from, to);
        let (wide, narrow) = (from.channels(), to.channels());
        let mut seen = vec![0; probes.len() / wide * narrow];
        self.eight.transform(&probes, &mut seen).ok()?;
        let light =
            |pixel: &[u8]| pixel.iter().take(3).map(|&value| u32::from(value)).sum::<u32>() / narrow.min(3) as u32;
        let lights: Vec<u32> = seen.chunks_exact(narrow).map(light).collect();
        let range = lights.iter().max()? - lights.iter().min()?;
        let moved = wide != narrow || probes.iter().zip(&seen).any(|(before, after)| before.abs_diff(*after) > 1);
        Some(moved && range >= u32::from(LEAST_RANGE))
    }

    /// The picture has as many channels as the conversion.
    pub(super) fn apply(&self, image: &mut DynamicImage) {
        match image {
            DynamicImage::ImageLuma8(pixels) => in_place(&*self.eight, pixels, 1),
            DynamicImage::ImageLumaA8(pixels) => in_place(&*self.eight, pixels, 2),
            DynamicImage::ImageRgb8(pixels) => in_place(&*self.eight, pixels, 3),
            DynamicImage::ImageRgba8(pixels) => in_place(&*self.eight, pixels, 4),
            deep => self.apply_deep(deep),
        }
    }

    fn apply_deep(&self, image: &mut DynamicImage) {
        let Some(sixteen) = self.sixteen.as_deref() else { return };
        match image {
            DynamicImage::ImageLuma16(pixels) => in_place(sixteen, pixels, 1),
            DynamicImage::ImageLumaA16(pixels) => in_place(sixteen, pixels, 2),
            DynamicImage::ImageRgb16(pixels) => in_place(sixteen, pixels, 3),
            DynamicImage::ImageRgba16(pixels) => in_place(sixteen, pixels, 4),
            // No decoder here gives floating point.
            _ => {}
        }
    }

    /// Pixels of `wide` channels become such of `narrow` in the same memory.
    pub(super) fn shrink(&self, samples: &mut Vec<u8>, (wide, narrow): (usize, usize)) {
        let mut before = Vec::with_capacity(wide * RUN);
        let count = samples.len() / wide;
        for first in (0..count).step_by(RUN) {
            let last = (first + RUN).min(count);
            before.clear();
            before.extend_from_slice(&samples[first * wide..last * wide]);
            // Only the lengths could be wrong, and they were right for the probes.
            let _infallible = self.eight.transform(&before, &mut samples[first * narrow..last * narrow]);
        }
        samples.truncate(count * narrow);
    }
}

fn in_place<T: Copy + Default>(
    transform: &(dyn TransformExecutor<T> + Send + Sync),
    samples: &mut [T],
    channels: usize,
) {
    let mut before = Vec::with_capacity(channels * RUN);
    for run in samples.chunks_mut(channels * RUN) {
        before.clear();
        before.extend_from_slice(run);
        // As above.
        let _infallible = transform.transform(&before, run);
    }
}

fn target(to: Layout) -> ColorProfile {
    let srgb = ColorProfile::new_srgb();
    if matches!(to, Layout::Gray | Layout::GrayAlpha) {
        let mut grey = ColorProfile::new_gray_with_gamma(2.2);
        grey.gray_trc = srgb.red_trc;
        grey
    } else {
        srgb
    }
}

/// Pixels from all over the space: every grey, nine steps of each colour, four of each ink.
fn probes(from: Layout, to: Layout) -> Vec<u8> {
    let steps = |count: u32| (0..count).map(move |step| (step * 255 / (count - 1)) as u8);
    let colours = || steps(9).flat_map(move |r| steps(9).flat_map(move |g| steps(9).map(move |b| [r, g, b])));
    match (from, to) {
        (Layout::Gray, _) => (0..=255).collect(),
        (Layout::GrayAlpha, _) => (0..=255).flat_map(|grey| [grey, 255]).collect(),
        (Layout::Rgba, Layout::Rgb) => {
            (0..256).flat_map(|inks: u32| [6, 4, 2, 0].map(|bits| (inks >> bits & 3) as u8 * 85)).collect()
        }
        (Layout::Rgba, _) => colours().flat_map(|[r, g, b]| [r, g, b, 255]).collect(),
        _ => colours().flatten().collect(),
    }
}
