//! The face, painted on the front of the head in a plane: it narrows and vanishes as the head turns.

use crate::colour::{Rgb, mix, scaled};
use crate::look::Face;
use crate::paint::{Surface, cover};
use crate::skeleton::Skeleton;
use crate::vector::Vec3;

/// Heights above the chin and distances from the middle, in head heights.
const EYES: f64 = 0.43;
const BROWS: f64 = 0.575;
const MOUTH: f64 = 0.165;

pub(crate) fn draw(surface: &mut Surface, skeleton: &Skeleton<'_>, point: Vec3, pixel: f64) {
    if point.z <= 0.0 {
        return;
    }
    let look = skeleton.look;
    let at = Place {
        x: point.x / skeleton.head,
        y: (point.y - skeleton.chin) / skeleton.head,
        pixel: pixel / skeleton.head,
    };
    let skin = look.skin;
    let rosy = mix(skin, [214, 84, 72], 0.42);
    for side in [-1.0, 1.0] {
        let blush = 1.0 - at.from(side * 0.225, 0.285, 0.085, 0.06);
        surface.over(rosy, 0.55 * blush.clamp(0.0, 1.0));
    }
    if look.face.freckles {
        freckles(surface, &at, skin);
    }
    if let Some(beard) = look.face.beard {
        whiskers(surface, &at, beard);
    }
    mouth(surface, &at, &look.face, skin);
    for side in [-1.0, 1.0] {
        eye(surface, &at, &look.face, side);
        brow(surface, &at, &look.face, look.hair.colour, side);
    }
    if let Some(frame) = look.face.glasses {
        for side in [-1.0, 1.0] {
            let ring = (at.distance(side * eye_x(&look.face), EYES - 0.005) - 0.128).abs() - 0.011;
            surface.over(frame, cover(ring, at.pixel));
        }
        let bridge = (at.y - EYES - 0.015).abs() - 0.010;
        surface.over(frame, cover(bridge.max(at.x.abs() - 0.06), at.pixel));
    }
}

/// A place of the face's plane.
struct Place {
    x: f64,
    y: f64,
    pixel: f64,
}

impl Place {
    fn distance(&self, x: f64, y: f64) -> f64 {
        (self.x - x).hypot(self.y - y)
    }

    /// 0 in the middle of an ellipse, 1 on its rim.
    fn from(&self, x: f64, y: f64, width: f64, height: f64) -> f64 {
        ((self.x - x) / width).hypot((self.y - y) / height)
    }

    fn in_ellipse(&self, x: f64, y: f64, width: f64, height: f64) -> f64 {
        cover((self.from(x, y, width, height) - 1.0) * width.min(height), self.pixel)
    }
}

fn eye_x(face: &Face) -> f64 {
    0.158 * face.eye_distance
}

fn eye(surface: &mut Surface, at: &Place, face: &Face, side: f64) {
    let x = side * eye_x(face);
    let (width, height) = (0.066 * face.eye_size, 0.077 * face.eye_size);
    if at.from(x, EYES, width, height) > 1.8 {
        return;
    }
    let lash = [44, 32, 32];
    surface.over(lash, at.in_ellipse(x, EYES + 0.012, width * 1.14, height * 1.10));
    let white = at.in_ellipse(x, EYES, width, height);
    surface.over([246, 244, 240], white);
    let iris = at.in_ellipse(x - side * 0.004, EYES - 0.004, width * 0.74, height * 0.78) * white;
    let lower = ((EYES - at.y) / height * 0.5 + 0.5).clamp(0.0, 1.0);
    surface.over(mix(scaled(face.eyes, 0.6), scaled(face.eyes, 1.35), lower), iris);
    surface.over([24, 20, 24], at.in_ellipse(x - side * 0.004, EYES, width * 0.38, height * 0.42) * white);
    // The light stands at the upper left of every picture, but this far in it is seen the same from everywhere.
    surface.over([255, 255, 255], at.in_ellipse(x - 0.020, EYES + 0.027, 0.017, 0.019));
    surface.over([235, 240, 250], 0.8 * at.in_ellipse(x + 0.018, EYES - 0.026, 0.009, 0.010));
}

fn brow(surface: &mut Surface, at: &Place, face: &Face, hair: Rgb, side: f64) {
    let along = (at.x * side - eye_x(face)) / 0.095;
    if along.abs() > 1.2 {
        return;
    }
    let arch = BROWS + 0.03 * face.brows * along - 0.028 * along * along;
    let thickness = 0.0165 * (1.0 - 0.45 * along.max(0.0));
    let distance = ((at.y - arch).abs() - thickness).max((along.abs() - 1.0) * 0.095);
    surface.over(mix(hair, [40, 28, 24], 0.35), cover(distance, at.pixel));
}

fn mouth(surface: &mut Surface, at: &Place, face: &Face, skin: Rgb) {
    let half = 0.105 + 0.02 * face.smile.max(0.0);
    let along = at.x / half;
    if along.abs() > 1.15 || (at.y - MOUTH).abs() > 0.12 {
        return;
    }
    let curve = MOUTH + 0.042 * face.smile * (along * along - 0.35);
    let lip = mix(scaled(skin, 0.62), [168, 44, 52], 0.55);
    let taper = (1.0 - along * along).max(0.0).sqrt();
    if face.smile > 0.55 {
        // An open smile: what lies between the lip line and a deeper one.
        let depth = curve - 0.050 * taper;
        surface.over([122, 36, 42], cover((at.y - curve).max(depth - at.y), at.pixel));
        surface.over([250, 246, 240], cover((at.y - curve).max(curve - 0.017 * taper - at.y), at.pixel));
    }
    surface.over(
        lip,
        cover(((at.y - curve).abs() - 0.0125 * (0.35 + 0.65 * taper)).max((along.abs() - 1.0) * half), at.pixel),
    );
    surface.over(mix(skin, lip, 0.5), 0.5 * at.in_ellipse(0.0, MOUTH - 0.058, 0.045, 0.010));
}

/// A moustache, and a beard that rises to the ears.
fn whiskers(surface: &mut Surface, at: &Place, colour: Rgb) {
    let rim = 0.14 + 2.6 * (at.x.abs() - 0.05).max(0.0).powi(2);
    surface.over(colour, cover(at.y - rim, at.pixel));
    let along = at.x.abs() / 0.15;
    let moustache =
        ((at.y - 0.232 + 0.05 * along * along).abs() - 0.032 * (1.0 - 0.6 * along)).max((along - 1.0) * 0.15);
    surface.over(scaled(colour, 1.06), cover(moustache, at.pixel));
}

fn freckles(surface: &mut Surface, at: &Place, skin: Rgb) {
    const SPOTS: [(f64, f64); 9] = [
        (0.03, 0.335),
        (0.10, 0.325),
        (0.15, 0.30),
        (0.20, 0.33),
        (0.12, 0.28),
        (0.18, 0.265),
        (0.24, 0.295),
        (0.07, 0.295),
        (0.225, 0.26),
    ];
    let brown = mix(skin, [136, 72, 40], 0.5);
    for (x, y) in SPOTS {
        let distance = (at.x.abs() - x).hypot(at.y - y - 0.006 * at.x.signum());
        surface.over(brown, cover(distance - 0.0085, at.pixel));
    }
}
