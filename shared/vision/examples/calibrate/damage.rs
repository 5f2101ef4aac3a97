//! Drawing a character as another generation would (a little different each time), and what happens to a picture later.

use image::codecs::jpeg::JpegEncoder;
use image::{RgbImage, imageops};
use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character};
use likeness_vision::Picture;

use crate::chance::Chance;

pub(crate) const SIDE: u32 = 384;
const WALL: [u8; 3] = [226, 226, 222];

/// Without any chance: the reference.
pub(crate) fn reference(look: &Look, style: Style, angle: u16) -> RgbImage {
    drawn(look, style, f64::from(angle), 0.0, WALL, &Defects::default())
}

/// Pose, camera, light, tone and colours a little different.
pub(crate) fn regenerated(
    look: &Look,
    style: Style,
    angle: u16,
    wall: Option<[u8; 3]>,
    defects: &Defects,
    chance: &mut Chance,
) -> RgbImage {
    let mut look = look.clone();
    look.build.heads *= 1.0 + chance.around(0.01);
    look.build.legs *= 1.0 + chance.around(0.007);
    look.build.girth *= 1.0 + chance.around(0.015);
    look.build.shoulders *= 1.0 + chance.around(0.01);
    for colour in [&mut look.skin, &mut look.hair.colour, &mut look.top_cloth.colour, &mut look.bottom_cloth.colour] {
        *colour = colour.map(|value| (f64::from(value) * (1.0 + chance.around(0.025))).clamp(0.0, 255.0) as u8);
    }
    let azimuth = f64::from(angle) + chance.around(3.5);
    let elevation = chance.around(2.0);
    let image = drawn(&look, style, azimuth, elevation, wall.unwrap_or(WALL), defects);
    relit(image, chance)
}

fn drawn(look: &Look, style: Style, azimuth: f64, elevation: f64, background: [u8; 3], defects: &Defects) -> RgbImage {
    let canvas = Canvas { width: SIDE, height: SIDE, background };
    let view = View { azimuth_degrees: azimuth, elevation_degrees: elevation };
    draw_character(look, view, style, &canvas, defects)
}

/// Whether a defect changes this view at all: a bag behind the back, a shirt below a coat and a hue in a drawing
/// without colours do not. Judged on undisturbed drawings, so that no measure has a say in it.
pub(crate) fn seen(look: &Look, spoilt: &Look, style: Style, angle: u16, defects: &Defects) -> bool {
    const SIDE: u32 = 128;
    let canvas = Canvas { width: SIDE, height: SIDE, background: WALL };
    let draw =
        |look: &Look, defects: &Defects| draw_character(look, View::level(f64::from(angle)), style, &canvas, defects);
    let (right, wrong) = (draw(look, &Defects::default()), draw(spoilt, defects));
    let differs = |(a, b): &(&image::Rgb<u8>, &image::Rgb<u8>)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) >= 12);
    right.pixels().zip(wrong.pixels()).filter(differs).count() >= 12
}

/// A light that falls off to one side, and another tone curve.
fn relit(mut image: RgbImage, chance: &mut Chance) -> RgbImage {
    let (across, down, gamma) = (chance.around(0.05), chance.around(0.05), 1.0 + chance.around(0.05));
    let side = f64::from(SIDE);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let light = 1.0 + across * (f64::from(x) / side - 0.5) + down * (f64::from(y) / side - 0.5);
        pixel.0 = pixel.0.map(|value| {
            let v = (f64::from(value) / 255.0).powf(gamma) * light;
            (v * 255.0).round().clamp(0.0, 255.0) as u8
        });
    }
    image
}

/// What must not make a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Benign {
    Jpeg,
    Brighter,
    Darker,
    Crop,
    Smaller,
    Regenerated,
    OtherWall,
    Combined,
}

impl Benign {
    pub(crate) const ALL: [Self; 8] = [
        Self::Jpeg,
        Self::Brighter,
        Self::Darker,
        Self::Crop,
        Self::Smaller,
        Self::Regenerated,
        Self::OtherWall,
        Self::Combined,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Brighter => "brightness +5 %",
            Self::Darker => "brightness -5 %",
            Self::Crop => "crop 3 %",
            Self::Smaller => "scale 85 %",
            Self::Regenerated => "regenerated",
            Self::OtherWall => "regenerated, other wall",
            Self::Combined => "all combined",
        }
    }

    pub(crate) fn picture(self, look: &Look, style: Style, angle: u16, chance: &mut Chance) -> Picture {
        let defects = Defects::default();
        let wall = chance.pick(&[[244, 244, 244], [198, 208, 216], [214, 204, 190], [176, 190, 178]]);
        let image = match self {
            Self::Jpeg => jpeg(&reference(look, style, angle), 70),
            Self::Brighter => brighter(&reference(look, style, angle), 1.05),
            Self::Darker => brighter(&reference(look, style, angle), 0.95),
            Self::Crop => crop(&reference(look, style, angle)),
            Self::Smaller => smaller(&reference(look, style, angle)),
            Self::Regenerated => regenerated(look, style, angle, None, &defects, chance),
            Self::OtherWall => regenerated(look, style, angle, Some(wall), &defects, chance),
            Self::Combined => {
                let image = regenerated(look, style, angle, Some(wall), &defects, chance);
                let light = 1.0 + chance.around(0.05);
                jpeg(&smaller(&crop(&brighter(&image, light))), 75)
            }
        };
        picture(image)
    }
}

pub(crate) fn picture(image: RgbImage) -> Picture {
    Picture::from_rgb(image.width(), image.height(), image.into_raw())
}

/// White balance gone: redder or bluer.
pub(crate) fn cast(mut image: RgbImage, chance: &mut Chance) -> RgbImage {
    let warm = if chance.share() < 0.5 { 0.10 } else { -0.10 };
    for pixel in image.pixels_mut() {
        let [r, g, b] = pixel.0.map(f64::from);
        pixel.0 = [r * (1.0 + warm), g, b * (1.0 - warm)].map(|value| value.round().clamp(0.0, 255.0) as u8);
    }
    image
}

pub(crate) fn jpeg(image: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(image);
    encoded.expect("an RGB picture can be a JPEG");
    image::load_from_memory(&bytes).expect("what was encoded decodes").into_rgb8()
}

fn brighter(image: &RgbImage, by: f64) -> RgbImage {
    let mut image = image.clone();
    for pixel in image.pixels_mut() {
        pixel.0 = pixel.0.map(|value| (f64::from(value) * by).round().clamp(0.0, 255.0) as u8);
    }
    image
}

fn crop(image: &RgbImage) -> RgbImage {
    let cut = image.width() * 3 / 100;
    imageops::crop_imm(image, cut, cut, image.width() - 2 * cut, image.height() - 2 * cut).to_image()
}

fn smaller(image: &RgbImage) -> RgbImage {
    let side = |side: u32| side * 85 / 100;
    imageops::resize(image, side(image.width()), side(image.height()), imageops::FilterType::CatmullRom)
}
