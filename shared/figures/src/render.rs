//! Solids onto a picture: look, work out what light reaches, colour, soften edges, draw outlines.

use image::RgbImage;

use crate::cast::{Scene, Sight, Stage};
use crate::draw::Style;
use crate::light::{self, KEY, Reach};
use crate::skeleton::Skeleton;
use crate::solid::Solid;
use crate::vector::Vec3;
use crate::view::Camera;

/// Draws `solids` over what is in `image`.
pub(crate) fn render(
    image: &mut RgbImage,
    stage: Stage,
    camera: Camera,
    solids: &[Solid],
    skeleton: Option<&Skeleton<'_>>,
    style: Style,
) {
    let scene = Scene::new(solids, camera, stage);
    let sights = scene.look_everywhere();
    let edges = edges(&scene, &sights);
    let depths = sights.iter().map(|sight| sight.map_or(f64::NAN, |sight| sight.hit.depth)).collect();
    let shader = Shader { scene: &scene, depths, skeleton, style, spokes: spokes() };
    for row in 0..stage.height {
        for column in 0..stage.width {
            let at = row * stage.width + column;
            if sights[at].is_none() && !edges[at] {
                continue;
            }
            let pixel = image.get_pixel_mut(column as u32, row as u32);
            let reach = sights[at].map_or(Reach::ALL, |sight| shader.reach(column, row, sight));
            let ground = pixel.0.map(f64::from);
            let colour = if edges[at] {
                shader.softened(column, row, reach, ground)
            } else {
                let middle = (column as f64 + 0.5, row as f64 + 0.5);
                sights[at].map_or(ground, |sight| shader.colour(sight, middle, reach))
            };
            pixel.0 = colour.map(|value| value.round().clamp(0.0, 255.0) as u8);
        }
    }
    if matches!(style, Style::Cel | Style::Line) {
        outline(image, &scene, &sights);
    }
}

struct Shader<'a> {
    scene: &'a Scene,
    /// By pixel; not a number where nothing is seen. A list of its own, as every pixel looks up some thirty of them.
    depths: Vec<f64>,
    skeleton: Option<&'a Skeleton<'a>>,
    style: Style,
    spokes: [Spoke; 12],
}

/// A direction, and how far to look in it, in units of the figure's space.
#[derive(Clone, Copy, Default)]
struct Spoke {
    sin: f64,
    cos: f64,
    radius: f64,
}

/// Two rings of six around a pixel.
fn spokes() -> [Spoke; 12] {
    const RINGS: [(f64, f64); 2] = [(0.010, 0.0), (0.028, 0.39)];
    let mut spokes = [Spoke::default(); 12];
    for (number, spoke) in (0..12_u32).zip(&mut spokes) {
        let (radius, offset) = RINGS[(number / 6) as usize];
        let (sin, cos) = (offset + std::f64::consts::TAU * f64::from(number % 6) / 6.0).sin_cos();
        *spoke = Spoke { sin, cos, radius };
    }
    spokes
}

impl Shader<'_> {
    fn colour(&self, sight: Sight, (x, y): (f64, f64), reach: Reach) -> [f64; 3] {
        let Scene { camera, stage, solids, .. } = self.scene;
        let (right, up) = stage.screen(x, y);
        let Sight { solid, hit } = sight;
        let point = camera.right * right + camera.up * up + camera.back * hit.depth;
        let surface = solids[usize::from(solid)].paint.at(point, hit.normal, 1.0 / stage.scale, self.skeleton);
        let place = (x / stage.height as f64, y / stage.height as f64);
        light::tone(self.style, &surface, camera.seen(hit.normal), reach, place)
    }

    /// The mean of four looks through a pixel on an edge.
    fn softened(&self, column: usize, row: usize, reach: Reach, ground: [f64; 3]) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for (dx, dy) in [(0.375, 0.125), (0.875, 0.375), (0.125, 0.625), (0.625, 0.875)] {
            let (x, y) = (column as f64 + dx, row as f64 + dy);
            let seen = self.scene.look(column, row, x, y);
            let colour = seen.map_or(ground, |sight| self.colour(sight, (x, y), reach));
            sum = [0, 1, 2].map(|i| sum[i] + colour[i].clamp(0.0, 255.0) / 4.0);
        }
        sum
    }

    /// How much light arrives, judged from what is seen nearby: no further rays are cast.
    fn reach(&self, column: usize, row: usize, sight: Sight) -> Reach {
        match self.style {
            Style::Flat => Reach::ALL,
            Style::Soft | Style::Cel | Style::Painted | Style::Photo | Style::Line => {
                let normal = self.scene.camera.seen(sight.hit.normal);
                let (x, y) = (column as f64, row as f64);
                Reach { key: self.unshadowed(x, y, sight.hit.depth), around: self.open(x, y, sight.hit.depth, normal) }
            }
        }
    }

    /// Not a number where nothing is seen, so that no comparison with it holds.
    fn depth(&self, x: f64, y: f64) -> f64 {
        let Stage { width, height, .. } = self.scene.stage;
        let inside = x >= 0.0 && y >= 0.0 && x < width as f64 && y < height as f64;
        if inside { self.depths[y as usize * width + x as usize] } else { f64::NAN }
    }

    /// Walks towards the key light and looks whether something stands in the way.
    fn unshadowed(&self, x: f64, y: f64, depth: f64) -> f64 {
        const STEPS: u32 = 20;
        let scale = self.scene.stage.scale;
        let mut shadow: f64 = 0.0;
        for step in 1..=STEPS {
            let way = 0.006 + 0.0056 * f64::from(step);
            let there = self.depth(x + KEY.x * way * scale, y - KEY.y * way * scale);
            let above = there - (depth + KEY.z * way);
            if above < 0.13 {
                let fading = 1.0 - 0.5 * f64::from(step) / f64::from(STEPS);
                shadow = shadow.max((above / 0.016).clamp(0.0, 1.0) * fading);
            }
        }
        1.0 - shadow
    }

    /// How little of the surroundings rises above the surface's own plane.
    fn open(&self, x: f64, y: f64, depth: f64, normal: Vec3) -> f64 {
        let mut hidden = 0.0;
        for Spoke { sin, cos, radius } in self.spokes {
            let reach = radius * self.scene.stage.scale;
            let there = self.depth(x + cos * reach, y - sin * reach);
            let plane = depth - radius * (normal.x * cos + normal.y * sin) / normal.z.max(0.3);
            let above = there - plane;
            if above < 0.09 {
                hidden += (above / radius - 0.08).clamp(0.0, 1.0) / 12.0;
            }
        }
        (1.0 - 1.25 * hidden).clamp(0.25, 1.0)
    }
}

/// Pixels beside another thing, another material or a step in depth.
fn edges(scene: &Scene, sights: &[Option<Sight>]) -> Vec<bool> {
    let Stage { width, height, .. } = scene.stage;
    let mut edges = vec![false; sights.len()];
    for row in 0..height {
        for column in 0..width {
            let at = row * width + column;
            let beside = (column + 1 < width).then_some(at + 1);
            let below = (row + 1 < height).then_some(at + width);
            for next in [beside, below].into_iter().flatten() {
                if differ(scene, sights[at], sights[next], 0.0, 0.012) {
                    edges[at] = true;
                    edges[next] = true;
                }
            }
        }
    }
    edges
}

/// Whether two sights are of different materials at least `least` apart in depth, or `far` apart.
fn differ(scene: &Scene, a: Option<Sight>, b: Option<Sight>, least: f64, far: f64) -> bool {
    match (a, b) {
        (None, None) => false,
        (None, Some(_)) | (Some(_), None) => true,
        (Some(a), Some(b)) => {
            let gap = (a.hit.depth - b.hit.depth).abs();
            let paint = |sight: Sight| scene.solids[usize::from(sight.solid)].paint;
            gap > far || (gap >= least && a.solid != b.solid && paint(a) != paint(b))
        }
    }
}

/// Ink where things end.
fn outline(image: &mut RgbImage, scene: &Scene, sights: &[Option<Sight>]) {
    const INK: [f64; 3] = [34.0, 28.0, 36.0];
    let Stage { width, height, scale, .. } = scene.stage;
    let radius = (scale / 520.0).max(0.75);
    let reach = radius.ceil() as i64;
    let inside = |x: i64, y: i64| x >= 0 && y >= 0 && x < width as i64 && y < height as i64;
    for row in 0..height as i64 {
        for column in 0..width as i64 {
            let here = sights[row as usize * width + column as usize];
            let mut cover: f64 = 0.0;
            for dy in -reach..=reach {
                for dx in -reach..=reach {
                    let away = (dx as f64).hypot(dy as f64);
                    if away > radius + 0.5 || !inside(column + dx, row + dy) {
                        continue;
                    }
                    let there = sights[(row + dy) as usize * width + (column + dx) as usize];
                    if differ(scene, here, there, 0.002, 0.025) {
                        cover = cover.max((radius + 1.0 - away).clamp(0.0, 1.0));
                    }
                }
            }
            if cover > 0.0 {
                let pixel = image.get_pixel_mut(column as u32, row as u32);
                let ground = pixel.0.map(f64::from);
                pixel.0 = [0, 1, 2].map(|i| (ground[i] + (INK[i] - ground[i]) * cover * 0.92).round() as u8);
            }
        }
    }
}
