//! A decoded picture, and what is made from it: WebP, PNG, a thumbnail.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder};

use crate::backdrop::{self, Subject};
use crate::light::{Crop, LARGEST_BLOCK, Light, Source};

/// 8-bit pixels in sRGB, RGB, or RGBA when something is really transparent; at least 1 x 1.
#[derive(Clone)]
pub struct Picture {
    width: u32,
    height: u32,
    alpha: bool,
    pixels: Vec<u8>,
    /// Made when the first small copy is, for all of them.
    reduced: OnceLock<Arc<Light>>,
    /// What stands before its backdrop, for all who ask.
    subject: OnceLock<Arc<Subject>>,
}

impl PartialEq for Picture {
    fn eq(&self, other: &Self) -> bool {
        let own = (self.width, self.height, self.alpha, &self.pixels);
        own == (other.width, other.height, other.alpha, &other.pixels)
    }
}

impl Eq for Picture {}

/// libwebp's largest side.
const WEBP_MAX_SIDE: u32 = 16_383;
/// Copies up to this size are made from one that is reduced by means of squares first.
const SMALL: u32 = 400;
/// By how much that one is larger at least, so that the resampling to the copy decides what is seen.
const MARGIN: f64 = 1.2;
/// Pixels that are held as light at a time, 8 bytes each.
const MOST_AT_ONCE: u32 = 4 << 20;

impl Picture {
    /// Takes rows of R, G, B from the top left.
    ///
    /// # Panics
    /// When a side is 0 or there are not `width * height * 3` bytes.
    pub fn from_rgb(width: u32, height: u32, pixels: Vec<u8>) -> Self {
        Self::checked(width, height, false, pixels)
    }

    /// Takes rows of R, G, B, A (not premultiplied) from the top left.
    ///
    /// # Panics
    /// When a side is 0 or there are not `width * height * 4` bytes.
    pub fn from_rgba(width: u32, height: u32, pixels: Vec<u8>) -> Self {
        Self::checked(width, height, true, pixels)
    }

    fn checked(width: u32, height: u32, alpha: bool, pixels: Vec<u8>) -> Self {
        let channels = if alpha { 4 } else { 3 };
        assert!(width > 0 && height > 0, "a picture has at least one pixel");
        assert_eq!(pixels.len(), width as usize * height as usize * channels, "{width} x {height} x {channels} bytes");
        Self { width, height, alpha, pixels, reduced: OnceLock::new(), subject: OnceLock::new() }
    }

    pub(crate) fn from_image(image: DynamicImage) -> Self {
        let (width, height) = (image.width(), image.height());
        if !image.color().has_alpha() {
            return Self::from_rgb(width, height, image.into_rgb8().into_raw());
        }
        let rgba = image.into_rgba8();
        // Many encoders write an alpha channel that is full everywhere.
        if rgba.pixels().all(|pixel| pixel[3] == u8::MAX) {
            return Self::from_rgb(width, height, DynamicImage::ImageRgba8(rgba).into_rgb8().into_raw());
        }
        Self::from_rgba(width, height, rgba.into_raw())
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Whether some pixel may be transparent.
    pub fn has_alpha(&self) -> bool {
        self.alpha
    }

    /// Rows of R, G, B; what is transparent is laid over white.
    pub fn rgb(&self) -> Cow<'_, [u8]> {
        if !self.alpha {
            return Cow::Borrowed(&self.pixels);
        }
        let over_white = |value: u8, alpha: u8| {
            let (value, alpha) = (u16::from(value), u16::from(alpha));
            ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        let flat = self.pixels.chunks_exact(4).flat_map(|p| [0, 1, 2].map(|c| over_white(p[c], p[3])));
        Cow::Owned(flat.collect())
    }

    /// Lossy WebP, quality 80, method 2: half the CPU of method 4 for 7 % more bytes (measured on 1024 x 1024).
    /// A picture with a side over 16,383 pixels, which WebP cannot hold, is shrunk to that.
    pub fn to_webp(&self) -> Vec<u8> {
        if self.width.max(self.height) > WEBP_MAX_SIDE {
            return self.thumbnail(WEBP_MAX_SIDE).to_webp();
        }
        let mut config = webp::WebPConfig::new().expect("libwebp's own defaults are valid");
        config.quality = 80.0;
        config.method = 2;
        let layout = if self.alpha { webp::PixelLayout::Rgba } else { webp::PixelLayout::Rgb };
        let encoder = webp::Encoder::new(&self.pixels, layout, self.width, self.height);
        encoder.encode_advanced(&config).expect("libwebp refuses only sizes that were excluded above").to_vec()
    }

    /// Lossless, for exchange with tools that want pixels unchanged.
    pub fn to_png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let colour = if self.alpha { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
        PngEncoder::new(&mut bytes)
            .write_image(&self.pixels, self.width, self.height, colour)
            .expect("writing to memory does not fail");
        bytes
    }

    /// JPEG of quality 85 without subsampled colours, for viewers that know nothing newer; what is transparent is laid
    /// over white.
    pub fn to_jpeg(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 85)
            .write_image(&self.rgb(), self.width, self.height, ExtendedColorType::Rgb8)
            .expect("writing to memory does not fail, and no side is longer than a decoded picture's");
        bytes
    }

    /// A copy whose longest side is at most `longest_side` pixels (at least 1), aspect kept (Lanczos, in linear light).
    /// A smaller picture is returned as it is.
    pub fn thumbnail(&self, longest_side: u32) -> Self {
        let longest = self.width.max(self.height);
        let wanted = longest_side.max(1);
        if longest <= wanted {
            return self.clone();
        }
        let shrunk = |side: u32| {
            let exact = u64::from(side) * u64::from(wanted);
            (((exact + u64::from(longest) / 2) / u64::from(longest)) as u32).max(1)
        };
        let size = (shrunk(self.width), shrunk(self.height));
        let pixels = if wanted <= SMALL {
            self.shrunk_from_reduced(size)
        } else {
            self.shrunk_in_bands(size, block(longest, wanted))
        };
        Self::checked(size.0, size.1, self.alpha, pixels)
    }

    /// The picture at 128 pixels with its subject marked.
    pub(crate) fn subject(&self) -> &Subject {
        self.subject.get_or_init(|| Arc::new(backdrop::found(self)))
    }

    fn source(&self) -> Source<'_> {
        Source { pixels: &self.pixels, width: self.width, alpha: self.alpha }
    }

    fn shrunk_from_reduced(&self, size: (u32, u32)) -> Vec<u8> {
        let block = block(self.width.max(self.height), SMALL);
        let reduced = self.reduced.get_or_init(|| Arc::new(Light::of(self.source(), 0..self.height, block)));
        reduced.shrunk(&Crop { top: 0.0, width: self.width.into(), height: self.height.into() }, size)
    }

    /// Some rows after the other, so that a large copy of a large picture takes no more memory than a small one.
    fn shrunk_in_bands(&self, (width, height): (u32, u32), block: u32) -> Vec<u8> {
        let scale = f64::from(self.height) / f64::from(height);
        let rows = (f64::from(MOST_AT_ONCE / self.width.div_ceil(block)) * f64::from(block) / scale) as u32;
        // What Lanczos reads above and below.
        let reach = 3.0 * scale.max(f64::from(block)) + f64::from(block);
        let mut pixels = Vec::new();
        for first in (0..height).step_by(rows.max(1) as usize) {
            let last = (first + rows.max(1)).min(height);
            let (above, below) = (f64::from(first) * scale, f64::from(last) * scale);
            let start = (above - reach).max(0.0) as u32 / block * block;
            let end = ((below + reach).ceil() as u32).min(self.height);
            let light = Light::of(self.source(), start..end, block);
            let crop = Crop { top: above - f64::from(start), width: self.width.into(), height: below - above };
            pixels.extend(light.shrunk(&crop, (width, last - first)));
        }
        pixels
    }
}

/// The side of the squares that a copy of size `wanted` is made of.
fn block(longest: u32, wanted: u32) -> u32 {
    ((f64::from(longest) / (MARGIN * f64::from(wanted))) as u32).clamp(1, LARGEST_BLOCK)
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let channels = if self.alpha { "RGBA" } else { "RGB" };
        write!(f, "Picture({} x {} {channels})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Format, Limits, decode, inspect};

    fn gradient(width: u32, height: u32) -> Picture {
        let pixels = (0..width * height).flat_map(|i| [(i % width) as u8, (i / width) as u8, 90]).collect();
        Picture::from_rgb(width, height, pixels)
    }

    #[test]
    fn webp_keeps_size_and_colours() {
        let picture = gradient(200, 120);
        let bytes = picture.to_webp();
        assert_eq!(inspect(&bytes, &Limits::default()).unwrap().format, Format::Webp);
        let back = decode(&bytes, &Limits::default()).unwrap();
        assert_eq!((back.width(), back.height()), (200, 120));
        let error: u64 =
            picture.rgb().iter().zip(back.rgb().iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
        assert!(error / (200 * 120 * 3) < 4);
    }

    #[test]
    fn png_is_lossless_and_transparency_survives() {
        let pixels = (0..16 * 8).flat_map(|i| [i, 255 - i, 7, i * 2]).collect();
        let picture = Picture::from_rgba(16, 8, pixels);
        assert_eq!(decode(&picture.to_png(), &Limits::default()).unwrap(), picture);
        assert!(decode(&picture.to_webp(), &Limits::default()).unwrap().has_alpha());
    }

    #[test]
    fn an_alpha_channel_that_hides_nothing_is_dropped() {
        let opaque = Picture::from_rgba(4, 4, [1, 2, 3, 255].repeat(16));
        assert!(!decode(&opaque.to_png(), &Limits::default()).unwrap().has_alpha());
    }

    #[test]
    fn what_is_transparent_is_white_in_rgb() {
        assert_eq!(Picture::from_rgba(1, 1, vec![0, 0, 0, 0]).rgb().as_ref(), [255, 255, 255]);
    }

    #[test]
    fn thumbnails_keep_the_aspect_and_never_enlarge() {
        let size = |p: &Picture| (p.width(), p.height());
        assert_eq!(size(&gradient(200, 120).thumbnail(50)), (50, 30));
        assert_eq!(size(&gradient(120, 200).thumbnail(50)), (30, 50));
        assert_eq!(size(&gradient(200, 1).thumbnail(50)), (50, 1));
        assert_eq!(gradient(20, 12).thumbnail(50), gradient(20, 12));
    }

    /// Black and white columns beside the grey that they make: 188, in every copy, and where some is transparent too.
    #[test]
    fn thumbnails_keep_the_light() {
        let column = |x: u32| if x >= 512 { 188 } else { (x % 2) as u8 * 255 };
        let opaque: Vec<u8> = (0..1024 * 96).flat_map(|at| [column(at % 1024); 3]).collect();
        let translucent = (0..1024 * 96).flat_map(|at| [column(at % 1024), column(at % 1024), column(at % 1024), 77]);
        let pictures =
            [Picture::from_rgb(1024, 96, opaque), Picture::from_rgba(1024, 96, translucent.collect::<Vec<u8>>())];
        for picture in pictures {
            for side in [700, 512, 401, 400, 256, 192, 128, 30] {
                let small = picture.thumbnail(side);
                let row = (small.height() / 2 * small.width()) as usize;
                let (width, channels) = (small.width() as usize, if small.has_alpha() { 4 } else { 3 });
                for x in [width / 5, width / 4, width * 3 / 4] {
                    let pixel = &small.pixels[(row + x) * channels..][..channels];
                    // Just under the size of the columns, the beat between them and the pixels is seen.
                    let near = if side > 512 { 70 } else { 4 };
                    assert!(pixel[..3].iter().all(|value| value.abs_diff(188) <= near), "{side}: {x}: {pixel:?}");
                    assert!(pixel.get(3).is_none_or(|alpha| alpha.abs_diff(77) <= 1), "{pixel:?}");
                }
            }
        }
    }

    /// What is transparent has no colour that could bleed.
    #[test]
    fn transparent_pixels_do_not_bleed() {
        let pixels = (0..256 * 256).flat_map(|at| if at % 256 < 131 { [0, 255, 0, 0] } else { [200, 30, 40, 255] });
        let small = Picture::from_rgba(256, 256, pixels.collect()).thumbnail(50);
        let seen = small.pixels.chunks_exact(4).filter(|pixel| pixel[3] > 20);
        assert!(seen.clone().count() > 1000);
        for pixel in seen {
            assert!(pixel[1] < 60 && pixel[0] > 180, "{pixel:?}");
        }
    }

    /// In bands it is the same picture as at once.
    #[test]
    fn a_large_copy_of_a_large_picture_is_seamless() {
        let pixels: Vec<u8> = (0..1_500 * 12_000_u32).flat_map(|at| [(at / 1_500 / 47) as u8; 3]).collect();
        let copy = Picture::from_rgb(1_500, 12_000, pixels).thumbnail(11_000);
        assert_eq!((copy.width(), copy.height()), (1_375, 11_000));
        let column: Vec<u8> = copy.pixels.chunks_exact(1_375 * 3).map(|row| row[2_000]).collect();
        for (y, value) in column.iter().enumerate() {
            let expected = (y as f64 * 12.0 / 11.0 / 47.0) as u8;
            assert!(value.abs_diff(expected) <= 1, "{y}: {value} instead of {expected}");
        }
    }

    #[test]
    fn a_picture_too_long_for_webp_is_shrunk() {
        let long = Picture::from_rgb(16_384, 2, vec![40; 16_384 * 2 * 3]);
        assert_eq!(inspect(&long.to_webp(), &Limits::default()).unwrap().width, 16_383);
    }
}
