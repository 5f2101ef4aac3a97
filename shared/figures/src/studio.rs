//! The plain wall and floor before which a character or a prop stands.

use image::RgbImage;

use crate::cast::Stage;
use crate::chance::grain;
use crate::draw::{Canvas, Style};

/// The wall, hardly brighter in the middle, with the grain of a camera.
pub(crate) fn wall(canvas: &Canvas, style: Style) -> RgbImage {
    let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
    let ground = match style {
        Style::Line => [248.0, 248.0, 245.0],
        Style::Soft | Style::Cel | Style::Flat | Style::Painted | Style::Photo => canvas.background.map(f64::from),
    };
    let (fall, coarse) = match style {
        Style::Flat | Style::Line => (0.0, 2.0),
        Style::Cel => (0.02, 2.0),
        Style::Soft | Style::Painted => (0.06, 3.2),
        Style::Photo => (0.09, 4.5),
    };
    RgbImage::from_fn(canvas.width, canvas.height, |x, y| {
        let (across, down) = (f64::from(x) / width - 0.5, f64::from(y) / height - 0.45);
        let light = 1.0 - fall * (across * across + down * down) * 2.0;
        let speck = (grain(i64::from(x), i64::from(y), 17) - 0.5) * coarse;
        image::Rgb(ground.map(|value| (value * light + speck).round().clamp(0.0, 255.0) as u8))
    })
}

/// A soft shadow on the floor around the stage's origin, `half` units wide to each side.
pub(crate) fn shadow(image: &mut RgbImage, stage: Stage, half: f64, strength: f64) {
    let (wide, high) = (half * stage.scale, 0.24 * half * stage.scale);
    let reach = 2.2;
    let rows = pixels(stage.y - reach * high, stage.y + reach * high, image.height());
    for y in rows {
        for x in pixels(stage.x - reach * wide, stage.x + reach * wide, image.width()) {
            let (dx, dy) = (f64::from(x) + 0.5 - stage.x, f64::from(y) + 0.5 - stage.y);
            // The lamp is at the left, so the shadow leans to the right.
            let (u, v) = ((dx - 0.16 * wide) / wide, dy / high);
            let spread = (-(u * u + v * v) * 1.6).exp() * strength;
            let pixel = image.get_pixel_mut(x, y);
            pixel.0 = pixel.0.map(|value| (f64::from(value) * (1.0 - spread)).round() as u8);
        }
    }
}

fn pixels(from: f64, to: f64, count: u32) -> std::ops::Range<u32> {
    let clamp = |value: f64| value.clamp(0.0, f64::from(count)) as u32;
    clamp(from.floor())..clamp(to.ceil())
}
