//! What may be drawn, on what, and with which mistakes.

use image::RgbImage;

use crate::cast::Stage;
use crate::look::Look;
use crate::render::render;
use crate::skeleton::Skeleton;
use crate::view::{Camera, View};
use crate::{figure, place, prop, studio};

/// The sorts of things that are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Subject {
    Character,
    Location,
    Prop,
}

/// How a figure is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// Like a figurine in soft light.
    #[default]
    Soft,
    /// Three tones and outlines.
    Cel,
    /// Colours without light.
    Flat,
    /// Brush strokes.
    Painted,
    /// Soft, with cloth's texture, highlights and film grain.
    Photo,
    /// Ink on paper.
    Line,
}

/// What is wrong with a picture, so that a check can be seen to notice. The default is nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Defects {
    /// The clothes' hues, turned.
    pub hue_shift_degrees: f64,
    /// Views beyond 100 degrees show the mirrored front in place of the back.
    pub mirrored_back: bool,
    /// The whole figure, 1 is right.
    pub height_scale: f64,
    /// The legs' length, 1 is right; head and trunk keep their size.
    pub leg_scale: f64,
    /// Another style than the one asked for.
    pub style: Option<Style>,
    /// A black frame: what fal returns in place of a flagged picture.
    pub black: bool,
}

impl Default for Defects {
    fn default() -> Self {
        Self {
            hue_shift_degrees: 0.0,
            mirrored_back: false,
            height_scale: 1.0,
            leg_scale: 1.0,
            style: None,
            black: false,
        }
    }
}

/// What is drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canvas {
    /// In pixels, at least 1.
    pub width: u32,
    /// In pixels, at least 1.
    pub height: u32,
    /// The studio's wall; places paint over it.
    pub background: [u8; 3],
}

/// A character in a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The figure.
    pub look: Look,
    /// From which side.
    pub view: View,
    /// The middle of the feet: 0 left, 1 right.
    pub x: f64,
    /// The feet: 0 top, 1 bottom.
    pub y: f64,
    /// The body's height as a share of the picture's.
    pub scale: f64,
}

/// Draws a character standing before a plain wall, whole, its body 78 % of the canvas high (less where that would not
/// fit the width).
pub fn draw_character(look: &Look, view: View, style: Style, canvas: &Canvas, defects: &Defects) -> RgbImage {
    if defects.black {
        return RgbImage::new(canvas.width, canvas.height);
    }
    let style = defects.style.unwrap_or(style);
    let mut image = studio::wall(canvas, style);
    let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
    let scale = (0.78 * height).min(1.25 * width) * defects.height_scale;
    let stage = Stage::on(canvas, 0.5, 0.5 + 0.435 * (0.78 * height).min(1.25 * width) / (0.78 * height), scale);
    let camera = if defects.mirrored_back && view.signed_azimuth().abs() > 100.0 {
        Camera::at(View { azimuth_degrees: view.azimuth_degrees + 180.0, ..view }).mirrored()
    } else {
        Camera::at(view)
    };
    let look = look.with_clothes_turned(defects.hue_shift_degrees);
    stand(&mut image, &look, camera, stage, style, defects.leg_scale);
    image
}

/// How near a portrait is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portrait {
    /// From the hip upwards.
    UpperBody,
    /// Head and shoulders.
    CloseUp,
}

/// Draws the upper part of a character before a plain wall, its head below the canvas' upper edge.
pub fn draw_portrait(look: &Look, view: View, style: Style, canvas: &Canvas, portrait: Portrait) -> RgbImage {
    let mut image = studio::wall(canvas, style);
    // The body's height as a share of the canvas', and where its feet would be.
    let (share, feet) = match portrait {
        Portrait::UpperBody => (1.7, 1.82),
        Portrait::CloseUp => (3.2, 3.36),
    };
    let stage = Stage::on(canvas, 0.5, feet, share * f64::from(canvas.height));
    let skeleton = Skeleton::of(look, 1.0);
    render(&mut image, stage, Camera::at(view), &figure::solids(&skeleton), Some(&skeleton), style);
    image
}

/// Draws a place with characters in it, the farthest (smallest `y`) first.
pub fn draw_scene(prompt: &str, figures: &[Placed], seed: u64, canvas: &Canvas) -> RgbImage {
    let mut image = draw_location(prompt, seed, canvas);
    let mut figures: Vec<&Placed> = figures.iter().collect();
    figures.sort_by(|a, b| a.y.total_cmp(&b.y));
    for figure in figures {
        let stage = Stage::on(canvas, figure.x, figure.y, figure.scale * f64::from(canvas.height));
        stand(&mut image, &figure.look, Camera::at(figure.view), stage, Style::Soft, 1.0);
    }
    image
}

/// Draws a place by the prompt's words: harbour, forest, street, room, mountains, desert; dawn, night; mist, snow.
pub fn draw_location(prompt: &str, seed: u64, canvas: &Canvas) -> RgbImage {
    place::draw(prompt, seed, canvas)
}

/// Draws a single thing before a plain wall, seen a little from above.
pub fn draw_prop(prompt: &str, seed: u64, canvas: &Canvas) -> RgbImage {
    let mut image = studio::wall(canvas, Style::Soft);
    let side = f64::from(canvas.width.min(canvas.height));
    let stage = Stage::on(canvas, 0.5, 0.5 + 0.33 * side / f64::from(canvas.height), 0.72 * side);
    studio::shadow(&mut image, stage, 0.30, 0.42);
    let camera = Camera::at(View { azimuth_degrees: -28.0, elevation_degrees: 14.0 });
    render(&mut image, stage, camera, &prop::solids(prompt, seed), None, Style::Soft);
    image
}

fn stand(image: &mut RgbImage, look: &Look, camera: Camera, stage: Stage, style: Style, leg_scale: f64) {
    let skeleton = Skeleton::of(look, leg_scale);
    let strength = match style {
        Style::Flat | Style::Line => 0.12,
        Style::Cel => 0.25,
        Style::Soft | Style::Painted | Style::Photo => 0.40,
    };
    studio::shadow(image, stage, 0.19, strength);
    render(image, stage, camera, &figure::solids(&skeleton), Some(&skeleton), style);
}

#[cfg(test)]
mod tests;
