//! Which solid is seen at each pixel, how far away and facing where.

use crate::draw::Canvas;
use crate::solid::{Hit, Seen, Solid};
use crate::view::Camera;

/// Where a figure stands in a picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stage {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The figure's origin, in pixels from the top left.
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Pixels per unit of the figure's space.
    pub(crate) scale: f64,
}

impl Stage {
    /// With the origin at these shares of a canvas.
    pub(crate) fn on(canvas: &Canvas, x: f64, y: f64, scale: f64) -> Self {
        let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
        Self { width: canvas.width as usize, height: canvas.height as usize, x: x * width, y: y * height, scale }
    }

    /// The place on the camera's screen at pixel coordinates.
    pub(crate) fn screen(&self, x: f64, y: f64) -> (f64, f64) {
        ((x - self.x) / self.scale, (self.y - y) / self.scale)
    }
}

/// What a ray saw: the number of a solid, and where.
#[derive(Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) solid: u16,
    pub(crate) hit: Hit,
}

/// Solids sorted into square tiles of the picture, so that a ray only meets the few that are there.
pub(crate) struct Scene {
    pub(crate) solids: Vec<Seen>,
    pub(crate) camera: Camera,
    pub(crate) stage: Stage,
    tiles: Vec<Vec<u16>>,
    across: usize,
}

const TILE: usize = 16;

impl Scene {
    pub(crate) fn new(solids: &[Solid], camera: Camera, stage: Stage) -> Self {
        let solids: Vec<Seen> = solids.iter().map(|solid| Seen::by(&camera, solid)).collect();
        let (across, down) = (stage.width.div_ceil(TILE), stage.height.div_ceil(TILE));
        let mut tiles = vec![Vec::new(); across * down];
        for (number, solid) in solids.iter().enumerate() {
            let [left, right, bottom, top] = solid.bounds;
            let columns = span(stage.x + left * stage.scale, stage.x + right * stage.scale, across);
            let rows = span(stage.y - top * stage.scale, stage.y - bottom * stage.scale, down);
            for row in rows {
                for column in columns.clone() {
                    tiles[row * across + column].push(number as u16);
                }
            }
        }
        Self { solids, camera, stage, tiles, across }
    }

    /// What is seen at these pixel coordinates, which lie in pixel (`column`, `row`).
    pub(crate) fn look(&self, column: usize, row: usize, x: f64, y: f64) -> Option<Sight> {
        let (right, up) = self.stage.screen(x, y);
        let mut nearest: Option<Sight> = None;
        for &number in &self.tiles[(row / TILE) * self.across + column / TILE] {
            let solid = &self.solids[usize::from(number)];
            let [left, to_right, bottom, top] = solid.bounds;
            if right < left || right > to_right || up < bottom || up > top {
                continue;
            }
            if let Some(hit) = solid.hit(&self.camera, right, up)
                && nearest.is_none_or(|best| hit.depth > best.hit.depth)
            {
                nearest = Some(Sight { solid: number, hit });
            }
        }
        nearest
    }

    /// One look through the middle of every pixel, row by row.
    pub(crate) fn look_everywhere(&self) -> Vec<Option<Sight>> {
        let Stage { width, height, .. } = self.stage;
        let mut sights = vec![None; width * height];
        for tile in (0..self.tiles.len()).filter(|&tile| !self.tiles[tile].is_empty()) {
            let (left, top) = (tile % self.across * TILE, tile / self.across * TILE);
            for row in top..(top + TILE).min(height) {
                for column in left..(left + TILE).min(width) {
                    sights[row * width + column] = self.look(column, row, column as f64 + 0.5, row as f64 + 0.5);
                }
            }
        }
        sights
    }
}

/// The tiles that pixels `from` to `to` touch.
fn span(from: f64, to: f64, count: usize) -> std::ops::Range<usize> {
    let first = (from / TILE as f64).floor().max(0.0) as usize;
    let last = (to / TILE as f64).floor();
    if last < 0.0 { 0..0 } else { first.min(count)..(last as usize + 1).min(count) }
}
