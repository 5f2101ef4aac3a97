//! A look's measures as heights and joints, from which body, clothes and face are built.

use crate::colour::Rgb;
use crate::look::{Look, Side};
use crate::vector::{Vec3, vec3};

/// Heights above the ground and half widths, in body heights; joints are of the left side.
pub(crate) struct Skeleton<'a> {
    pub(crate) look: &'a Look,
    /// The head's height.
    pub(crate) head: f64,
    pub(crate) chin: f64,
    pub(crate) shoulder: f64,
    pub(crate) waist: f64,
    pub(crate) hip: f64,
    pub(crate) girth: f64,
    pub(crate) shoulder_joint: Vec3,
    pub(crate) elbow: Vec3,
    pub(crate) wrist: Vec3,
    pub(crate) hip_joint: Vec3,
    pub(crate) knee: Vec3,
    pub(crate) ankle: Vec3,
}

/// How deep the trunk is for its width.
pub(crate) const DEPTH: f64 = 0.74;

impl<'a> Skeleton<'a> {
    /// `leg_scale` lengthens the legs only.
    pub(crate) fn of(look: &'a Look, leg_scale: f64) -> Self {
        let build = look.build;
        let head = 1.0 / build.heads;
        let crotch = build.legs * leg_scale;
        let lift = crotch - build.legs;
        let chin = 1.0 - head + lift;
        let shoulder = chin - 0.11 * head - 0.012;
        let hip = crotch + 0.035;
        let waist = hip + (shoulder - hip) * 0.40;
        let across = (0.052 + 0.235 * head) * build.shoulders;
        let girth = build.girth;
        let arm = (shoulder - hip) * 1.06;
        Self {
            look,
            head,
            chin,
            shoulder,
            waist,
            hip,
            girth,
            shoulder_joint: vec3(across, shoulder - 0.022, 0.0),
            elbow: vec3(across + 0.042, shoulder - 0.02 - 0.52 * arm, -0.006),
            wrist: vec3(across + 0.064, shoulder - 0.02 - arm, 0.022),
            hip_joint: vec3(0.047 * girth, hip - 0.015, 0.0),
            knee: vec3(0.051 * girth, 0.53 * crotch, 0.004),
            ankle: vec3(0.053 * girth, 0.05, -0.006),
        }
    }

    /// A point of the head: sideways from its middle, up from the chin and forward, in head heights.
    pub(crate) fn on_head(&self, x: f64, y: f64, z: f64) -> Vec3 {
        vec3(x * self.head, self.chin + y * self.head, z * self.head)
    }

    /// Lengths of the head.
    pub(crate) fn head_size(&self, x: f64, y: f64, z: f64) -> Vec3 {
        vec3(x, y, z) * self.head
    }

    /// The bag's colour and the plane in which its strap runs, from one hip over the other shoulder.
    pub(crate) fn strap(&self) -> Option<(Rgb, Vec3, f64)> {
        let bag = self.look.bag?;
        let side = sign(bag.side);
        let low = vec3(side * (self.hip_joint.x + 0.075), self.hip + 0.03, 0.0);
        let high = vec3(-side * self.shoulder_joint.x * 0.55, self.shoulder + 0.02, 0.0);
        let along = high - low;
        let normal = vec3(along.y, -along.x, 0.0).unit();
        Some((bag.colour, normal, normal.dot(low)))
    }
}

/// +1 for the figure's left.
pub(crate) fn sign(side: Side) -> f64 {
    match side {
        Side::Left => 1.0,
        Side::Right => -1.0,
    }
}
