//! Solids, and where a ray of the orthographic camera meets them.
//!
//! Each is a unit shape in a frame of its own, so one intersection serves every size, tilt and squash.

use crate::paint::Paint;
use crate::vector::{Vec3, vec3};
use crate::view::Camera;

/// A unit shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// Radius 1 around the origin.
    Ball,
    /// From radius 1 at `y = 0` to radius `top` at `y = 1`; `closed` by discs, or an open shell.
    Cone { top: f64, closed: bool },
    /// From -1 to 1 on each axis.
    Block,
}

/// Keeps what is on or below a plane: `normal . point <= limit`, in the figure's space.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    pub(crate) normal: Vec3,
    pub(crate) limit: f64,
}

impl Cut {
    /// Takes away what lies beyond `point` in the direction `normal`.
    pub(crate) fn beyond(point: Vec3, normal: Vec3) -> Self {
        Self { normal, limit: normal.dot(point) }
    }
}

/// A shape in place: `axes` are where its own x, y and z of length 1 end up.
#[derive(Debug, Clone)]
pub(crate) struct Solid {
    pub(crate) shape: Shape,
    pub(crate) origin: Vec3,
    pub(crate) axes: [Vec3; 3],
    pub(crate) paint: Paint,
    pub(crate) cuts: Vec<Cut>,
}

impl Solid {
    pub(crate) fn ball(centre: Vec3, radii: Vec3, paint: Paint) -> Self {
        let axes = [vec3(radii.x, 0.0, 0.0), vec3(0.0, radii.y, 0.0), vec3(0.0, 0.0, radii.z)];
        Self { shape: Shape::Ball, origin: centre, axes, paint, cuts: Vec::new() }
    }

    pub(crate) fn block(centre: Vec3, halves: Vec3, paint: Paint) -> Self {
        Self { shape: Shape::Block, ..Self::ball(centre, halves, paint) }
    }

    /// A shell or a closed frustum from `a` to `b` with those radii; `depth` squashes it along z.
    pub(crate) fn cone((a, radius_a): (Vec3, f64), (b, radius_b): (Vec3, f64), closed: bool, paint: Paint) -> Self {
        let along = b - a;
        let axis = along.unit();
        let helper = if axis.y.abs() > 0.9 { vec3(0.0, 0.0, 1.0) } else { vec3(0.0, 1.0, 0.0) };
        let side = axis.cross(helper).unit();
        let shape = Shape::Cone { top: radius_b / radius_a, closed };
        let axes = [side * radius_a, along, side.cross(axis) * radius_a];
        Self { shape, origin: a, axes, paint, cuts: Vec::new() }
    }

    /// Squashed along z about the plane `z = 0`.
    pub(crate) fn squashed(mut self, depth: f64) -> Self {
        self.origin.z *= depth;
        for axis in &mut self.axes {
            axis.z *= depth;
        }
        self
    }

    /// Turned about a horizontal axis through `pivot`: positive lowers the front.
    pub(crate) fn nodding(mut self, pivot: Vec3, degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let nod = |v: Vec3| vec3(v.x, v.y * cos - v.z * sin, v.y * sin + v.z * cos);
        self.origin = pivot + nod(self.origin - pivot);
        self.axes = self.axes.map(nod);
        self
    }

    pub(crate) fn cut(mut self, cut: Cut) -> Self {
        self.cuts.push(cut);
        self
    }
}

/// A solid prepared for one camera.
pub(crate) struct Seen {
    shape: Shape,
    /// Left, right, bottom, top on the screen.
    pub(crate) bounds: [f64; 4],
    from_right: Vec3,
    from_up: Vec3,
    from_back: Vec3,
    from_origin: Vec3,
    /// Rows turn a normal of the shape into one of the figure's space.
    rows: [Vec3; 3],
    cuts: Vec<Cut>,
    pub(crate) paint: Paint,
}

/// Where a ray first meets a solid.
#[derive(Clone, Copy)]
pub(crate) struct Hit {
    /// Towards the camera.
    pub(crate) depth: f64,
    /// Of length 1, in the figure's space, facing the camera.
    pub(crate) normal: Vec3,
}

impl Seen {
    pub(crate) fn by(camera: &Camera, solid: &Solid) -> Self {
        let [x, y, z] = solid.axes;
        let volume = x.dot(y.cross(z));
        let rows = [y.cross(z) * (1.0 / volume), z.cross(x) * (1.0 / volume), x.cross(y) * (1.0 / volume)];
        let inner = |v: Vec3| vec3(rows[0].dot(v), rows[1].dot(v), rows[2].dot(v));
        let [left, right] = extent(solid, camera.right);
        let [bottom, top] = extent(solid, camera.up);
        Self {
            shape: solid.shape,
            bounds: [left, right, bottom, top],
            from_right: inner(camera.right),
            from_up: inner(camera.up),
            from_back: inner(camera.back),
            from_origin: inner(solid.origin),
            rows,
            cuts: solid.cuts.clone(),
            paint: solid.paint,
        }
    }

    /// The nearest surface at this place of the screen.
    pub(crate) fn hit(&self, camera: &Camera, right: f64, up: f64) -> Option<Hit> {
        let start = self.from_right * right + self.from_up * up - self.from_origin;
        let step = self.from_back;
        let base = camera.right * right + camera.up * up;
        let kept = |depth: f64| {
            let point = base + camera.back * depth;
            self.cuts.iter().all(|cut| cut.normal.dot(point) <= cut.limit)
        };
        let (depth, normal) = self.shape.meet(start, step, kept)?;
        let normal = (self.rows[0] * normal.x + self.rows[1] * normal.y + self.rows[2] * normal.z).unit();
        let facing = if normal.dot(camera.back) < 0.0 { -normal } else { normal };
        Some(Hit { depth, normal: facing })
    }
}

impl Shape {
    /// The largest kept `t` at which `start + step * t` is on the surface, and the normal there.
    fn meet(self, start: Vec3, step: Vec3, kept: impl Fn(f64) -> bool) -> Option<(f64, Vec3)> {
        match self {
            Self::Ball => {
                let roots = roots(step.dot(step), start.dot(step), start.dot(start) - 1.0)?;
                roots.into_iter().find(|&t| kept(t)).map(|t| (t, start + step * t))
            }
            Self::Cone { top, closed } => {
                let slope = top - 1.0;
                let (r, s) = (1.0 + slope * start.y, slope * step.y);
                let square = step.x * step.x + step.z * step.z - s * s;
                let half = start.x * step.x + start.z * step.z - r * s;
                let rest = start.x * start.x + start.z * start.z - r * r;
                let sides = roots(square, half, rest).unwrap_or([f64::NAN; 2]).map(|t| {
                    let at = start + step * t;
                    (t, vec3(at.x, -slope * (1.0 + slope * at.y), at.z), (0.0..=1.0).contains(&at.y))
                });
                let disc = |y: f64, radius: f64| {
                    let t = (y - start.y) / step.y;
                    let at = start + step * t;
                    let within = closed && at.x * at.x + at.z * at.z <= radius * radius;
                    (t, vec3(0.0, 2.0 * y - 1.0, 0.0), within)
                };
                let all = [sides[0], sides[1], disc(0.0, 1.0), disc(1.0, top)];
                let met = all.into_iter().filter(|&(t, _, within)| within && kept(t));
                met.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(t, normal, _)| (t, normal))
            }
            Self::Block => {
                let slab = |start: f64, step: f64| {
                    let (a, b) = ((-1.0 - start) / step, (1.0 - start) / step);
                    (a.min(b), a.max(b))
                };
                let (x, y, z) = (slab(start.x, step.x), slab(start.y, step.y), slab(start.z, step.z));
                let (enter, leave) = (x.0.max(y.0).max(z.0), x.1.min(y.1).min(z.1));
                (enter <= leave && kept(leave)).then(|| {
                    let at = start + step * leave;
                    // The power rounds the edges for the light.
                    (leave, vec3(at.x.powi(15), at.y.powi(15), at.z.powi(15)))
                })
            }
        }
    }
}

/// Of `square t² + 2 half t + rest`, the larger first.
fn roots(square: f64, half: f64, rest: f64) -> Option<[f64; 2]> {
    let discriminant = half * half - square * rest;
    if discriminant < 0.0 || square == 0.0 {
        return None;
    }
    let root = discriminant.sqrt();
    let (a, b) = ((-half + root) / square, (-half - root) / square);
    Some([a.max(b), a.min(b)])
}

fn extent(solid: &Solid, direction: Vec3) -> [f64; 2] {
    let [x, y, z] = solid.axes.map(|axis| axis.dot(direction));
    let origin = solid.origin.dot(direction);
    match solid.shape {
        Shape::Ball => {
            let reach = (x * x + y * y + z * z).sqrt();
            [origin - reach, origin + reach]
        }
        Shape::Cone { top, .. } => {
            let reach = x.hypot(z);
            [(origin - reach).min(origin + y - reach * top), (origin + reach).max(origin + y + reach * top)]
        }
        Shape::Block => {
            let reach = x.abs() + y.abs() + z.abs();
            [origin - reach, origin + reach]
        }
    }
}
