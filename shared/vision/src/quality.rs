//! How good a picture is technically, without a reference: requirement D3.
//!
//! Five measures, each 0-1 with 1 best, and their weighted geometric mean, so that one bad measure cannot be
//! bought back by four good ones. Says nothing about beauty or about what is shown.

mod measure;

use crate::luma::Luma;
use crate::picture::Picture;

/// All numbers 0-1, 1 is best. A product-grade picture has a `score` of 0.90 or more.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Quality {
    /// The whole, 0 for a blank picture.
    pub score: f64,
    /// How narrow the strongest edges are where the picture is in focus, seen at 1024 pixels or fewer.
    pub sharpness: f64,
    /// Whether the subject keeps detail in lights and shadows; a plain backdrop does not count.
    pub exposure: f64,
    /// Absence of grain in the smoother parts; texture is no grain.
    pub noise: f64,
    /// Absence of the 8-pixel grid of hard JPEG compression, as far as it drowns what is shown.
    pub blockiness: f64,
    /// Number of pixels, 1 from about 900 x 900 on.
    pub resolution: f64,
    /// Black, or of one colour: what fal returns in place of a flagged picture.
    pub blank: bool,
}

/// How much each measure weighs, as an exponent.
const SHARPNESS: f64 = 0.5;
const EXPOSURE: f64 = 0.5;
const NOISE: f64 = 0.5;
const BLOCKINESS: f64 = 0.4;
const RESOLUTION: f64 = 0.25;

/// Scores a picture. Deterministic.
pub fn quality(picture: &Picture) -> Quality {
    let subject = picture.subject();
    let blank = measure::is_blank(&subject.colours);
    let luma = Luma::of(picture);
    // An edge has its width in what is seen at once, not in all that was scanned.
    let sharpness = if picture.width().max(picture.height()) > SEEN {
        measure::sharpness(&Luma::of(&picture.thumbnail(SEEN)))
    } else {
        measure::sharpness(&luma)
    };
    let exposure = measure::exposure(picture, subject);
    let noise = measure::noise(&luma);
    let blockiness = measure::blockiness(&luma);
    let resolution = measure::resolution(picture);
    let product = sharpness.powf(SHARPNESS)
        * exposure.powf(EXPOSURE)
        * noise.powf(NOISE)
        * blockiness.powf(BLOCKINESS)
        * resolution.powf(RESOLUTION);
    let score = if blank { 0.0 } else { product };
    Quality { score, sharpness, exposure, noise, blockiness, resolution, blank }
}

/// The longer side at which sharpness is judged.
const SEEN: u32 = 1024;

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use image::codecs::jpeg::JpegEncoder;
    use image::imageops;
    use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character, draw_location, draw_prop};

    use super::*;
    use crate::gate::{Limits, decode};

    const CANVAS: Canvas = Canvas { width: 1024, height: 1024, background: [226, 226, 222] };

    fn figure(prompt: &str, style: Style, canvas: &Canvas) -> image::RgbImage {
        draw_character(&Look::from_prompt(prompt, 7), View::level(-20.0), style, canvas, &Defects::default())
    }

    static KEEPER: LazyLock<image::RgbImage> =
        LazyLock::new(|| figure("a lighthouse keeper in a yellow raincoat", Style::Soft, &CANVAS));

    fn of(image: image::RgbImage) -> Quality {
        let (width, height) = image.dimensions();
        quality(&Picture::from_rgb(width, height, image.into_raw()))
    }

    fn altered(change: impl Fn(f64, u32, u32) -> f64) -> Quality {
        let mut image = KEEPER.clone();
        for (x, y, pixel) in image.enumerate_pixels_mut() {
            pixel.0 = pixel.0.map(|value| change(f64::from(value), x, y).clamp(0.0, 255.0) as u8);
        }
        of(image)
    }

    #[test]
    fn clean_drawings_are_product_grade() {
        let prompts = [
            "a lighthouse keeper in a yellow raincoat",
            "a girl dressed as a witch",
            "a knight with a blue cape",
            "a man in black",
        ];
        for prompt in prompts {
            for style in [Style::Soft, Style::Photo, Style::Cel] {
                let found = of(figure(prompt, style, &CANVAS));
                assert!(found.score >= 0.90, "{prompt}, {style:?}: {found:?}");
            }
        }
        for background in [[255, 255, 255], [200, 200, 205], [90, 100, 120]] {
            let found = of(figure(prompts[0], Style::Soft, &Canvas { background, ..CANVAS }));
            assert!(found.score >= 0.90, "on {background:?}: {found:?}");
        }
        let found = of(draw_prop("a brass lantern", 1, &CANVAS));
        assert!(found.score >= 0.90, "{found:?}");
        let found = of(draw_location("a forest", 1, &CANVAS));
        assert!(found.score >= 0.90, "{found:?}");
    }

    #[test]
    fn black_and_flat_frames_are_blank() {
        let black = of(image::RgbImage::new(1024, 1024));
        assert!(black.blank && black.score < 0.2, "{black:?}");
        let flat = of(image::RgbImage::from_pixel(512, 512, image::Rgb([180, 90, 60])));
        assert!(flat.blank && flat.score < 0.2, "{flat:?}");
        assert!(!of(KEEPER.clone()).blank);
    }

    #[test]
    fn blur_costs_sharpness() {
        let mild = of(imageops::fast_blur(&*KEEPER, 2.0));
        let heavy = of(imageops::fast_blur(&*KEEPER, 5.0));
        assert!(mild.score < of(KEEPER.clone()).score, "{mild:?}");
        assert!(heavy.score < 0.75 && heavy.sharpness < mild.sharpness, "{heavy:?}");
    }

    /// Grains that a lens drew, as strong as a sensor's noise.
    #[test]
    fn sand_is_no_noise() {
        let level = |x: u32, y: u32| {
            let mixed = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77)).wrapping_mul(0xc2b2_ae3d);
            ((mixed ^ (mixed >> 15)) % 256) as u8
        };
        let white = image::RgbImage::from_fn(1024, 1024, |x, y| image::Rgb([level(x, y) / 2 + 64; 3]));
        let sand = imageops::fast_blur(&white, 0.9);
        let (sand, white) = (of(sand), of(white));
        assert!(sand.noise >= 0.99, "{sand:?}");
        assert!(white.noise < 0.1, "{white:?}");
    }

    /// A shallow depth of field: all but a strip is out of focus.
    #[test]
    fn sharp_is_what_is_in_focus() {
        let mut image = imageops::fast_blur(&*KEEPER, 4.0);
        let strip = imageops::crop_imm(&*KEEPER, 400, 300, 224, 424).to_image();
        assert!(of(image.clone()).sharpness < 0.3);
        imageops::replace(&mut image, &strip, 400, 300);
        let found = of(image);
        assert!(found.sharpness >= 0.95 && found.score >= 0.90, "{found:?}");
    }

    #[test]
    fn grain_costs_noise() {
        let at = |x: u32, y: u32| {
            let mixed = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77)).wrapping_mul(0xc2b2_ae3d);
            f64::from((mixed ^ (mixed >> 15)) % 1000) / 500.0 - 1.0
        };
        let mild = altered(|value, x, y| value + 6.0 * at(x, y));
        let heavy = altered(|value, x, y| value + 40.0 * at(x, y));
        assert!(heavy.score < 0.75 && heavy.noise < mild.noise, "{heavy:?}");
        assert!(mild.score > 0.75, "{mild:?}");
    }

    #[test]
    fn burnt_and_buried_pictures_cost_exposure() {
        let burnt = altered(|value, _, _| value * 2.6);
        assert!(burnt.score < 0.75, "{burnt:?}");
        let buried = altered(|value, _, _| value * 0.06);
        assert!(buried.score < 0.75, "{buried:?}");
    }

    #[test]
    fn a_hard_jpeg_costs_blockiness() {
        let jpeg = |quality: u8| {
            let mut bytes = Vec::new();
            JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&*KEEPER).unwrap();
            super::quality(&decode(&bytes, &Limits::default()).unwrap())
        };
        let (usual, hard) = (jpeg(90), jpeg(6));
        assert!(usual.score >= 0.90, "{usual:?}");
        assert!(hard.score < 0.75 && hard.blockiness < usual.blockiness, "{hard:?}");
    }

    #[test]
    fn few_pixels_cost_resolution() {
        let sides = [1024, 512, 256, 128];
        let scores = sides
            .map(|side| of(figure("a man", Style::Soft, &Canvas { width: side, height: side, ..CANVAS })).resolution);
        assert!(scores.windows(2).all(|pair| pair[0] > pair[1]), "{scores:?}");
    }

    #[test]
    fn any_size_has_a_score() {
        for (width, height) in [(1, 1), (3, 200), (200, 3), (17, 17), (40, 33)] {
            let pixels = (0..width * height * 3).map(|i| (i * 37) as u8).collect();
            let found = quality(&Picture::from_rgb(width, height, pixels));
            assert!((0.0..=1.0).contains(&found.score), "{width} x {height}: {found:?}");
        }
    }
}
