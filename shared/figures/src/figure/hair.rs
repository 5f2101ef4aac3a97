//! Hair: a cap with a slanting fringe, and what each cut adds.

use super::{above, behind, limb, limbs};
use crate::look::HairStyle;
use crate::paint::Paint;
use crate::skeleton::{Skeleton, sign};
use crate::solid::{Cut, Solid};
use crate::vector::{Vec3, vec3};

pub(super) fn build(solids: &mut Vec<Solid>, s: &Skeleton<'_>) {
    let hair = &s.look.hair;
    let paint = Paint::Hair(hair.colour);
    let covered = s.look.hat.is_some();
    match hair.style {
        HairStyle::Bald => {}
        HairStyle::Short => cap(solids, s, paint),
        HairStyle::Bob => {
            cap(solids, s, paint);
            curtain(solids, s, paint, 0.06);
        }
        HairStyle::Long => {
            cap(solids, s, paint);
            curtain(solids, s, paint, -0.12);
            let length = s.head_size(0.44, 0.72, 0.20);
            solids.push(Solid::ball(s.on_head(0.0, -0.10, -0.36), length, paint));
        }
        HairStyle::Ponytail => {
            cap(solids, s, paint);
            let tie = s.on_head(0.0, 0.70, -0.50);
            solids.push(Solid::ball(tie, s.head_size(0.10, 0.10, 0.08), Paint::Plain([176, 58, 66])));
            limb(
                solids,
                (s.on_head(0.0, 0.62, -0.60), 0.14 * s.head),
                (s.on_head(0.0, 0.18, -0.66), 0.15 * s.head),
                1.0,
                paint,
            );
            limb(
                solids,
                (s.on_head(0.0, 0.18, -0.66), 0.15 * s.head),
                (s.on_head(0.0, -0.28, -0.56), 0.05 * s.head),
                1.0,
                paint,
            );
        }
        HairStyle::Bun => {
            cap(solids, s, paint);
            let knot = if covered { s.on_head(0.0, 0.45, -0.52) } else { s.on_head(0.0, 1.03, -0.26) };
            solids.push(Solid::ball(knot, s.head_size(0.20, 0.19, 0.19), paint));
        }
        HairStyle::Braids => {
            cap(solids, s, paint);
            braids(solids, s, paint);
        }
        HairStyle::Curly => curls(solids, s, paint, covered),
        HairStyle::Spiky => {
            cap(solids, s, paint);
            if !covered {
                spikes(solids, s, paint);
            }
        }
    }
}

const CAP: (Vec3, Vec3) = (vec3(0.0, 0.615, -0.035), vec3(0.432, 0.452, 0.455));

/// Leaves the face free: nothing in front of and below a plane from the forehead to behind the ears.
fn hairline(s: &Skeleton<'_>) -> Cut {
    Cut::beyond(s.on_head(0.0, 0.80, 0.36), vec3(0.0, -0.36, 0.44).unit())
}

fn cap(solids: &mut Vec<Solid>, s: &Skeleton<'_>, paint: Paint) {
    let (centre, radii) = CAP;
    let at = |v: Vec3| s.on_head(v.x, v.y, v.z);
    solids.push(Solid::ball(at(centre), radii * s.head, paint).cut(hairline(s)).cut(above(at(vec3(0.0, 0.20, 0.0)).y)));
    // The fringe falls away from the parting.
    let side = sign(s.look.hair.parting);
    let part = s.on_head(side * 0.16, 0.86, 0.30);
    // Ahead of the cap, not around it: from behind nothing of it is seen.
    let volume = vec3(radii.x * 1.012, radii.y * 0.997, radii.z) * s.head;
    let ahead = at(centre + vec3(0.0, 0.0, 0.034));
    let long = Cut::beyond(part, vec3(-side * -0.52, -1.0, 0.10).unit());
    let short = Cut::beyond(part, vec3(side * 0.95, -1.0, 0.0).unit());
    let front = Cut { normal: vec3(0.0, 0.0, -1.0), limit: 0.10 * s.head };
    let low = above(s.on_head(0.0, 0.60, 0.0).y);
    let fringe = Solid::ball(ahead, volume, paint).cut(front).cut(low);
    solids.push(fringe.clone().cut(long).cut(Cut::beyond(part, vec3(side, 0.0, 0.0))));
    solids.push(fringe.cut(short).cut(Cut::beyond(part, vec3(-side, 0.0, 0.0))));
}

/// Hair to both sides of the face, down to `hem`.
fn curtain(solids: &mut Vec<Solid>, s: &Skeleton<'_>, paint: Paint, hem: f64) {
    let sides = Solid::ball(s.on_head(0.0, 0.40, -0.07), s.head_size(0.475, 0.60, 0.45), paint);
    solids.push(sides.cut(behind(0.10 * s.head)).cut(above(s.on_head(0.0, hem, 0.0).y)));
}

fn braids(solids: &mut Vec<Solid>, s: &Skeleton<'_>, paint: Paint) {
    const KNOTS: usize = 6;
    for side in [-1.0, 1.0] {
        for knot in 0..KNOTS {
            let down = knot as f64 / (KNOTS - 1) as f64;
            let centre = s.on_head(side * (0.40 + 0.05 * down), 0.30 - 0.72 * down, 0.02 + 0.16 * down);
            let size = 0.125 - 0.035 * down;
            solids.push(Solid::ball(centre, s.head_size(size, size * 0.95, size), paint));
        }
        let tie = s.on_head(side * 0.455, -0.45, 0.185);
        solids.push(Solid::ball(tie, s.head_size(0.075, 0.05, 0.075), Paint::Plain([176, 58, 66])));
    }
    limbs(solids, (s.on_head(0.455, -0.48, 0.19), 0.07 * s.head), (s.on_head(0.46, -0.60, 0.19), 0.03 * s.head), paint);
}

/// Balls spread evenly over the cap (a golden spiral).
fn curls(solids: &mut Vec<Solid>, s: &Skeleton<'_>, paint: Paint, covered: bool) {
    const COUNT: usize = 64;
    let (centre, radii) = CAP;
    let line = hairline(s);
    solids.push(Solid::ball(s.on_head(centre.x, centre.y, centre.z), radii * s.head, paint).cut(line));
    for index in 0..COUNT {
        let height = 1.0 - 2.0 * (index as f64 + 0.5) / COUNT as f64;
        let turn = index as f64 * 2.399_963;
        let ring = (1.0 - height * height).sqrt();
        let at = centre + vec3(ring * turn.cos(), height, ring * turn.sin()).times(radii);
        let point = s.on_head(at.x, at.y, at.z);
        let under_hat = covered && at.y > 0.72;
        if line.normal.dot(point) < line.limit - 0.01 * s.head && at.y > 0.26 && !under_hat {
            let size = 0.135 + 0.02 * (index % 3) as f64;
            solids.push(Solid::ball(point, s.head_size(size, size, size), paint));
        }
    }
}

fn spikes(solids: &mut Vec<Solid>, s: &Skeleton<'_>, paint: Paint) {
    let (centre, radii) = CAP;
    for (turn, rise, length) in [
        (0.0, 78.0, 0.30),
        (0.0, 48.0, 0.24),
        (60.0, 50.0, 0.26),
        (120.0, 45.0, 0.26),
        (180.0, 48.0, 0.28),
        (240.0, 45.0, 0.26),
        (300.0, 50.0, 0.26),
        (30.0, 70.0, 0.28),
        (150.0, 66.0, 0.28),
        (210.0, 66.0, 0.28),
        (330.0, 70.0, 0.28),
        (150.0, 20.0, 0.20),
        (210.0, 20.0, 0.20),
        (180.0, 5.0, 0.18),
        (95.0, 22.0, 0.18),
        (265.0, 22.0, 0.18),
    ] {
        let (turn, rise) = (f64::to_radians(turn), f64::to_radians(rise));
        let out = vec3(turn.sin() * rise.cos(), rise.sin(), turn.cos() * rise.cos());
        let place = |reach: f64| {
            let at = centre + out.times(radii) * 0.9 + out * reach;
            s.on_head(at.x, at.y, at.z)
        };
        solids.push(Solid::cone((place(0.0), 0.17 * s.head), (place(length), 0.012 * s.head), false, paint));
    }
}
