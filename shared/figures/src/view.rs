//! Where the camera stands.

use crate::vector::{Vec3, vec3};

/// A direction to look from. The camera is orthographic and always sees the whole figure.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct View {
    /// How far the camera has walked around the figure, clockwise as seen from above. 0: its front. 90: its right side,
    /// so that it looks to the right of the picture. 180: its back. 270 (or -90): its left side.
    pub azimuth_degrees: f64,
    /// How far the camera has risen: 0 level, 90 straight from above, negative from below.
    pub elevation_degrees: f64,
}

impl View {
    /// From a level camera.
    pub fn level(azimuth_degrees: f64) -> Self {
        Self { azimuth_degrees, elevation_degrees: 0.0 }
    }

    /// The azimuth from -180 (exclusive) to 180.
    pub fn signed_azimuth(self) -> f64 {
        let turned = self.azimuth_degrees.rem_euclid(360.0);
        if turned > 180.0 { turned - 360.0 } else { turned }
    }
}

/// A view as three directions of the figure's space.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Camera {
    pub(crate) right: Vec3,
    pub(crate) up: Vec3,
    /// From the figure to the camera.
    pub(crate) back: Vec3,
}

impl Camera {
    pub(crate) fn at(view: View) -> Self {
        let (turn_sin, turn_cos) = view.azimuth_degrees.to_radians().sin_cos();
        let (rise_sin, rise_cos) = view.elevation_degrees.to_radians().sin_cos();
        let level = vec3(-turn_sin, 0.0, turn_cos);
        let right = vec3(turn_cos, 0.0, turn_sin);
        let up = vec3(0.0, 1.0, 0.0);
        Self { right, up: up * rise_cos - level * rise_sin, back: level * rise_cos + up * rise_sin }
    }

    /// Seen in a mirror.
    pub(crate) fn mirrored(self) -> Self {
        Self { right: -self.right, ..self }
    }

    /// Right, up, towards the camera.
    pub(crate) fn seen(&self, point: Vec3) -> Vec3 {
        vec3(point.dot(self.right), point.dot(self.up), point.dot(self.back))
    }
}
