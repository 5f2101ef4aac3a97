//! Pixels as amounts of light. Averages are taken of these: half black and half white is a grey of 188, as a screen
//! shows it from afar, and not the 128 between their codes.

use std::ops::Range;
use std::sync::LazyLock;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U16x4;
use fast_image_resize::{ResizeOptions, Resizer};

/// Some rows of a picture, as means over squares of `block` pixels. The last square of a row or column may be cut off.
pub(crate) struct Light {
    block: u32,
    /// Squares.
    width: u32,
    height: u32,
    /// Red, green, blue, and what is opaque of them: not premultiplied.
    pixels: Vec<U16x4>,
    opaque: bool,
}

/// What is averaged: rows of R, G, B, or of R, G, B, A.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) pixels: &'a [u8],
    pub(crate) width: u32,
    pub(crate) alpha: bool,
}

/// A box of the source, in its pixels: left edge 0.
pub(crate) struct Crop {
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// More would overflow the sums.
pub(crate) const LARGEST_BLOCK: u32 = 128;

impl Light {
    /// `rows` begin at a multiple of `block`, which is 1 to [`LARGEST_BLOCK`].
    pub(crate) fn of(source: Source<'_>, rows: Range<u32>, block: u32) -> Self {
        let stride = source.width as usize * if source.alpha { 4 } else { 3 };
        let inside = &source.pixels[rows.start as usize * stride..rows.end as usize * stride];
        let width = source.width.div_ceil(block);
        let bands = inside.chunks(stride * block as usize);
        let mut pixels = Vec::with_capacity(width as usize * bands.len());
        if source.alpha {
            bands.for_each(|band| translucent(band, stride, block as usize, &mut pixels));
        } else {
            bands.for_each(|band| opaque(band, stride, block as usize, &mut pixels));
        }
        Self { block, width, height: pixels.len() as u32 / width, pixels, opaque: !source.alpha }
    }

    /// The pixels within `crop`, brought to `width` x `height` (Lanczos), in sRGB.
    pub(crate) fn shrunk(&self, crop: &Crop, (width, height): (u32, u32)) -> Vec<u8> {
        let scale = |length: f64| length / f64::from(self.block);
        let top = scale(crop.top);
        let options = ResizeOptions::new().use_alpha(!self.opaque).crop(
            0.0,
            top,
            scale(crop.width).min(f64::from(self.width)),
            scale(crop.height).min(f64::from(self.height) - top),
        );
        let source = TypedImageRef::new(self.width, self.height, &self.pixels).expect("made of this size");
        let mut small = TypedImage::<U16x4>::new(width, height);
        Resizer::new().resize_typed(&source, &mut small, &options).expect("the crop lies inside");
        let channels = if self.opaque { 3 } else { 4 };
        let mut codes = Vec::with_capacity(small.pixels().len() * channels);
        for pixel in small.pixels() {
            let [r, g, b, a] = pixel.0;
            codes.extend([r, g, b].map(code));
            if !self.opaque {
                codes.push(((u32::from(a) * 255 + 32_767) / 65_535) as u8);
            }
        }
        codes
    }
}

/// One row of squares.
fn opaque(band: &[u8], stride: usize, block: usize, into: &mut Vec<U16x4>) {
    let light = &*LIGHT;
    let mut sums = vec![[0_u32; 3]; (stride / 3).div_ceil(block)];
    for row in band.chunks_exact(stride) {
        for (sum, square) in sums.iter_mut().zip(row.chunks(3 * block)) {
            for pixel in square.chunks_exact(3) {
                for channel in 0..3 {
                    sum[channel] += u32::from(light[usize::from(pixel[channel])]);
                }
            }
        }
    }
    let rows = (band.len() / stride) as u32;
    let columns = |index: usize| (stride / 3 - index * block).min(block) as u32;
    into.extend(sums.iter().enumerate().map(|(index, sum)| {
        let count = rows * columns(index);
        let [r, g, b] = sum.map(|sum| ((sum + count / 2) / count) as u16);
        U16x4::new([r, g, b, u16::MAX])
    }));
}

/// As above; what is transparent has no weight.
fn translucent(band: &[u8], stride: usize, block: usize, into: &mut Vec<U16x4>) {
    let light = &*LIGHT;
    let mut sums = vec![[0_u64; 4]; (stride / 4).div_ceil(block)];
    for row in band.chunks_exact(stride) {
        for (sum, square) in sums.iter_mut().zip(row.chunks(4 * block)) {
            for pixel in square.chunks_exact(4) {
                let weight = u64::from(pixel[3]);
                for channel in 0..3 {
                    sum[channel] += weight * u64::from(light[usize::from(pixel[channel])]);
                }
                sum[3] += weight;
            }
        }
    }
    let rows = (band.len() / stride) as u64;
    let columns = |index: usize| (stride / 4 - index * block).min(block) as u64;
    into.extend(sums.iter().enumerate().map(|(index, &[r, g, b, weight])| {
        let mean = |sum: u64| sum.checked_div(weight).unwrap_or(0) as u16;
        U16x4::new([mean(r), mean(g), mean(b), (weight * 257 / (rows * columns(index))) as u16])
    }));
}

fn code(light: u16) -> u8 {
    CODES[usize::from(light)]
}

/// Of each code of sRGB, the light, from 0 to 65,535.
static LIGHT: LazyLock<[u16; 256]> =
    LazyLock::new(|| std::array::from_fn(|code| (linear(code as f64) * 65_535.0).round() as u16));

/// Of each amount of light, the nearest code.
static CODES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut codes = Vec::with_capacity(1 << 16);
    for code in 0..=255_u8 {
        let up_to = if code == 255 { 1 << 16 } else { (linear(f64::from(code) + 0.5) * 65_535.0).round() as usize };
        codes.resize(up_to, code);
    }
    codes
});

/// IEC 61966-2-1, for codes with a fraction.
fn linear(code: f64) -> f64 {
    let v = code / 255.0;
    if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for code in 0..=255_u8 {
            assert_eq!(super::code(LIGHT[usize::from(code)]), code);
        }
    }
}
