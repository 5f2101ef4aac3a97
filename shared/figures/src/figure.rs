//! A look as solids.

mod body;
mod clothes;
mod hair;
mod hats;

use crate::paint::Paint;
use crate::skeleton::Skeleton;
use crate::solid::{Cut, Solid};
use crate::vector::{Vec3, vec3};

/// Everything that there is of a figure.
pub(crate) fn solids(skeleton: &Skeleton<'_>) -> Vec<Solid> {
    let mut solids = Vec::new();
    body::build(&mut solids, skeleton);
    clothes::build(&mut solids, skeleton);
    hair::build(&mut solids, skeleton);
    if let Some(hat) = skeleton.look.hat {
        hats::build(&mut solids, skeleton, hat);
    }
    solids
}

/// Two balls and the cone that touches both: a limb.
fn limb(solids: &mut Vec<Solid>, (a, radius_a): (Vec3, f64), (b, radius_b): (Vec3, f64), depth: f64, paint: Paint) {
    // Balls are squashed with the cone, so their centres are given for a figure that is not.
    let spread = |v: Vec3| vec3(v.x, v.y, v.z / depth);
    let (a, b) = (spread(a), spread(b));
    let even = |radius: f64| vec3(radius, radius, radius);
    let axis = (b - a).unit();
    let lean = ((radius_a - radius_b) / (b - a).length()).clamp(-0.99, 0.99);
    let upright = (1.0 - lean * lean).sqrt();
    let ends = [(a, radius_a), (b, radius_b)].map(|(p, r)| (p + axis * (r * lean), r * upright));
    solids.push(Solid::ball(a, even(radius_a), paint).squashed(depth));
    solids.push(Solid::ball(b, even(radius_b), paint).squashed(depth));
    solids.push(Solid::cone(ends[0], ends[1], false, paint).squashed(depth));
}

/// The same limb on both sides.
fn limbs(solids: &mut Vec<Solid>, a: (Vec3, f64), b: (Vec3, f64), paint: Paint) {
    limb(solids, a, b, 1.0, paint);
    limb(solids, (a.0.mirrored(), a.1), (b.0.mirrored(), b.1), 1.0, paint);
}

/// The same solid on both sides, given as one of the left.
fn both(solids: &mut Vec<Solid>, centre: Vec3, radii: Vec3, paint: Paint) {
    solids.push(Solid::ball(centre, radii, paint));
    solids.push(Solid::ball(centre.mirrored(), radii, paint));
}

/// Nothing below `y`.
fn above(y: f64) -> Cut {
    Cut { normal: vec3(0.0, -1.0, 0.0), limit: -y }
}

/// Nothing in front of `z`.
fn behind(z: f64) -> Cut {
    Cut { normal: vec3(0.0, 0.0, 1.0), limit: z }
}
