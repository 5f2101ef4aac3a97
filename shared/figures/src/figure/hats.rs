//! Hats, seen from a head's measures.

use super::above;
use crate::colour::scaled;
use crate::look::{Hat, HatKind};
use crate::paint::Paint;
use crate::skeleton::Skeleton;
use crate::solid::{Cut, Solid};
use crate::vector::{Vec3, vec3};

pub(super) fn build(solids: &mut Vec<Solid>, s: &Skeleton<'_>, hat: Hat) {
    let felt = Paint::Plain(hat.colour);
    let band = Paint::Plain(hat.band);
    let pivot = s.on_head(0.0, 0.8, 0.0);
    let ball = |at: Vec3, radii: Vec3, paint| Solid::ball(s.on_head(at.x, at.y, at.z), radii * s.head, paint);
    let cone = |low: (f64, f64), high: (f64, f64), closed, paint| {
        let end = |(y, radius): (f64, f64)| (s.on_head(0.0, y, -0.02), radius * s.head);
        Solid::cone(end(low), end(high), closed, paint)
    };
    let dome = ball(vec3(0.0, 0.72, -0.03), vec3(0.478, 0.41, 0.50), felt).cut(above(s.on_head(0.0, 0.76, 0.0).y));
    let mut worn = Vec::new();
    match hat.kind {
        HatKind::Witch => {
            worn.push(ball(vec3(0.0, 0.85, -0.02), vec3(0.80, 0.045, 0.80), felt));
            worn.push(cone((0.85, 0.47), (1.30, 0.25), false, felt));
            let (bend, tip) = (s.on_head(0.0, 1.27, -0.02), s.on_head(0.12, 1.66, -0.10));
            worn.push(Solid::ball(bend, s.head_size(0.262, 0.25, 0.262), felt).cut(above(s.on_head(0.0, 1.20, 0.0).y)));
            worn.push(Solid::cone((bend, 0.255 * s.head), (tip, 0.03 * s.head), false, felt));
            worn.push(Solid::ball(tip, s.head_size(0.032, 0.032, 0.032), felt));
            worn.push(cone((0.87, 0.475), (1.0, 0.412), false, band));
            worn.push(Solid::block(
                s.on_head(0.0, 0.935, 0.43),
                s.head_size(0.075, 0.065, 0.02),
                Paint::Metal([212, 176, 92]),
            ));
        }
        HatKind::Brimmed => {
            worn.push(ball(vec3(0.0, 0.83, -0.02), vec3(0.74, 0.040, 0.76), felt));
            worn.push(cone((0.83, 0.465), (1.14, 0.40), false, felt));
            worn.push(ball(vec3(0.0, 1.13, -0.02), vec3(0.402, 0.08, 0.402), felt));
            worn.push(cone((0.85, 0.472), (0.95, 0.452), false, band));
        }
        HatKind::Souwester => {
            worn.push(dome);
            let brim = ball(vec3(0.0, 0.79, -0.12), vec3(0.60, 0.040, 0.74), felt);
            worn.push(brim.nodding(pivot, -9.0));
            worn.push(cone((0.80, 0.485), (0.86, 0.478), false, Paint::Plain(scaled(hat.colour, 0.8))));
        }
        HatKind::Cap => {
            worn.push(dome);
            worn.push(cone((0.75, 0.485), (0.85, 0.480), false, band));
            worn.push(ball(vec3(0.0, 0.78, 0.46), vec3(0.36, 0.030, 0.30), Paint::Glossy(scaled(hat.colour, 0.6))));
            worn.push(ball(vec3(0.0, 1.13, -0.03), vec3(0.045, 0.03, 0.045), band));
        }
        HatKind::Beanie => {
            worn.push(
                ball(vec3(0.0, 0.74, -0.03), vec3(0.475, 0.46, 0.49), felt).cut(above(s.on_head(0.0, 0.74, 0.0).y)),
            );
            worn.push(cone((0.72, 0.492), (0.86, 0.492), true, band));
            worn.push(ball(vec3(0.0, 1.24, -0.03), vec3(0.13, 0.13, 0.13), band));
        }
        HatKind::Crown => {
            worn.push(cone((0.86, 0.435), (1.04, 0.455), false, Paint::Metal(hat.colour)));
            worn.extend(points_of_a_crown(s, hat));
        }
        HatKind::Helmet => worn.extend(helmet(s, hat)),
    }
    solids.extend(worn);
}

/// Eight points with a stone on each, on a ring.
fn points_of_a_crown(s: &Skeleton<'_>, hat: Hat) -> impl Iterator<Item = Solid> {
    (0..8).flat_map(move |point| {
        let turn = std::f64::consts::TAU * f64::from(point) / 8.0;
        let at = |y: f64| s.on_head(0.445 * turn.sin(), y, 0.445 * turn.cos() - 0.02);
        let gold = Paint::Metal(hat.colour);
        [
            Solid::cone((at(1.0), 0.085 * s.head), (at(1.22), 0.01 * s.head), false, gold),
            Solid::ball(at(1.22), s.head_size(0.035, 0.035, 0.035), Paint::Glossy(hat.band)),
        ]
    })
}

/// A bowl with a crest, open before the face.
fn helmet(s: &Skeleton<'_>, hat: Hat) -> [Solid; 2] {
    let free = Cut::beyond(s.on_head(0.0, 0.72, 0.36), vec3(0.0, -0.42, 0.44).unit());
    let part = |y: f64, z: f64, radii: Vec3, paint, low: f64| {
        Solid::ball(s.on_head(0.0, y, z), radii * s.head, paint).cut(free).cut(above(s.on_head(0.0, low, 0.0).y))
    };
    [
        part(0.60, -0.03, vec3(0.475, 0.50, 0.50), Paint::Metal(hat.colour), 0.16),
        part(0.63, -0.05, vec3(0.045, 0.53, 0.53), Paint::Plain(hat.band), 0.3),
    ]
}
