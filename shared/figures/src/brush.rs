//! Flat shapes with soft edges, for places. Lengths are in picture heights from the top left.

use image::RgbImage;

use crate::chance::fractal;
use crate::colour::{Rgb, mix};
use crate::paint::cover;

pub(crate) struct Brush {
    pub(crate) image: RgbImage,
    /// The picture's width.
    pub(crate) wide: f64,
    pixel: f64,
}

impl Brush {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let pixel = 1.0 / f64::from(height);
        Self { image: RgbImage::new(width, height), wide: f64::from(width) * pixel, pixel }
    }

    /// Paints where `ink` gives a colour and how much of it, between `top` and `bottom`.
    pub(crate) fn fill(&mut self, top: f64, bottom: f64, left: f64, right: f64, ink: impl Fn(f64, f64) -> (Rgb, f64)) {
        let span = |from: f64, to: f64, count: u32| {
            let clamp = |value: f64| (value / self.pixel).clamp(0.0, f64::from(count)) as u32;
            clamp(from - self.pixel)..clamp(to + 2.0 * self.pixel)
        };
        let (rows, columns) = (span(top, bottom, self.image.height()), span(left, right, self.image.width()));
        for row in rows {
            for column in columns.clone() {
                let (x, y) = ((f64::from(column) + 0.5) * self.pixel, (f64::from(row) + 0.5) * self.pixel);
                let (colour, share) = ink(x, y);
                if share > 0.0 {
                    let pixel = self.image.get_pixel_mut(column, row);
                    pixel.0 = mix(pixel.0, colour, share.min(1.0));
                }
            }
        }
    }

    /// From one colour to another over the whole width.
    pub(crate) fn sky(&mut self, top: f64, bottom: f64, from: Rgb, to: Rgb) {
        self.fill(top, bottom, 0.0, self.wide, |_, y| {
            (mix(from, to, ((y - top) / (bottom - top)).clamp(0.0, 1.0)), 1.0)
        });
    }

    /// A veil, thickest in the middle of the band.
    pub(crate) fn veil(&mut self, top: f64, bottom: f64, colour: Rgb, thickness: f64) {
        self.fill(top, bottom, 0.0, self.wide, |x, y| {
            let across = ((y - top) / (bottom - top)).clamp(0.0, 1.0);
            let drift = 0.75 + 0.5 * fractal(x * 2.0, y * 6.0, 71);
            (colour, thickness * (std::f64::consts::PI * across).sin() * drift)
        });
    }

    /// Everything below a wavy line.
    pub(crate) fn ridge(&mut self, line: f64, height: f64, wave: f64, salt: u64, colour: Rgb) {
        let pixel = self.pixel;
        self.fill(line - height, 1.0, 0.0, self.wide, |x, y| {
            let crest = line - height * fractal(x * wave, 0.5, salt);
            (colour, cover(crest - y, pixel))
        });
    }

    pub(crate) fn ellipse(&mut self, (x, y): (f64, f64), (wide, high): (f64, f64), colour: Rgb, share: f64) {
        let pixel = self.pixel;
        self.fill(y - high, y + high, x - wide, x + wide, |px, py| {
            let out = ((px - x) / wide).hypot((py - y) / high) - 1.0;
            (colour, share * cover(out * wide.min(high), pixel))
        });
    }

    /// A light that fades outwards.
    pub(crate) fn glow(&mut self, (x, y): (f64, f64), radius: f64, colour: Rgb, share: f64) {
        self.fill(y - radius, y + radius, x - radius, x + radius, |px, py| {
            let near = (1.0 - (px - x).hypot(py - y) / radius).max(0.0);
            (colour, share * near * near)
        });
    }

    pub(crate) fn block(&mut self, (left, top): (f64, f64), (right, bottom): (f64, f64), colour: Rgb) {
        self.polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)], colour);
    }

    /// A convex shape, its corners clockwise.
    pub(crate) fn polygon(&mut self, corners: &[(f64, f64)], colour: Rgb) {
        let bound = |pick: fn(&(f64, f64)) -> f64, start: f64, choose: fn(f64, f64) -> f64| {
            corners.iter().map(pick).fold(start, choose)
        };
        let (left, right) = (bound(|c| c.0, f64::MAX, f64::min), bound(|c| c.0, f64::MIN, f64::max));
        let (top, bottom) = (bound(|c| c.1, f64::MAX, f64::min), bound(|c| c.1, f64::MIN, f64::max));
        let pixel = self.pixel;
        let edges: Vec<_> = corners.iter().zip(corners.iter().cycle().skip(1)).map(|(&a, &b)| (a, b)).collect();
        self.fill(top, bottom, left, right, |x, y| {
            let beyond = |&((ax, ay), (bx, by)): &((f64, f64), (f64, f64))| {
                let length = (bx - ax).hypot(by - ay).max(f64::EPSILON);
                ((by - ay) * (x - ax) - (bx - ax) * (y - ay)) / length
            };
            (colour, cover(edges.iter().map(beyond).fold(f64::MIN, f64::max), pixel))
        });
    }
}
