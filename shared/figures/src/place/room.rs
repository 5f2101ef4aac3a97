//! A wall with a window, shelves, a carpet.

use super::Light;
use super::Place;
use crate::chance::grain;
use crate::colour::{mix, scaled};

impl Place {
    pub(super) fn room(&mut self) {
        let wide = self.brush.wide;
        let paper = self.chance.pick("paper", [[192, 168, 136], [150, 164, 156], [176, 140, 128], [140, 148, 172]]);
        let (wall, dark) = (scaled(paper, 1.05), scaled(paper, 0.78));
        self.brush.sky(0.0, 0.72, dark, wall);
        let salt = self.salt;
        self.brush.fill(0.70, 1.0, 0.0, wide, |x, y| {
            let board = (x - wide / 2.0) / (0.3 + (y - 0.70) * 2.4) * 3.0;
            let seam = (board - board.round()).abs() < 0.03;
            let tone = 0.85 + 0.25 * grain(board.round() as i64, 8, salt);
            (scaled([148, 104, 66], if seam { 0.55 } else { tone }), if y >= 0.70 { 1.0 } else { 0.0 })
        });
        self.brush.block((0.0, 0.685), (wide, 0.705), [110, 78, 52]);
        self.window((wide * self.chance.between("window", 0.42, 0.58), 0.30));
        for side in [0.0, 1.0] {
            let left = if side == 0.0 { wide * 0.04 } else { wide * 0.96 - 0.38 };
            self.shelf(left, side as u64);
        }
        self.brush.ellipse((wide / 2.0, 0.86), (wide * 0.30, 0.085), [140, 62, 56], 1.0);
        self.brush.ellipse((wide / 2.0, 0.86), (wide * 0.27, 0.072), [186, 116, 84], 1.0);
    }

    fn window(&mut self, (x, y): (f64, f64)) {
        self.brush.block((x - 0.15, y - 0.19), (x + 0.15, y + 0.19), [236, 230, 216]);
        let Light { zenith, horizon, .. } = self.light;
        for (column, row) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
            let (cx, cy) = (x + column * 0.07, y + row * 0.088);
            let pane = mix(zenith, horizon, 0.5 + 0.4 * row);
            self.brush.block((cx - 0.062, cy - 0.078), (cx + 0.062, cy + 0.078), pane);
        }
        self.brush.glow((x, y), 0.5, [255, 240, 206], 0.35);
    }

    fn shelf(&mut self, left: f64, number: u64) {
        self.brush.block((left, 0.12), (left + 0.38, 0.70), [104, 72, 48]);
        for row in 0..4 {
            let floor = 0.26 + 0.14 * f64::from(row);
            self.brush.block((left + 0.012, floor - 0.12), (left + 0.368, floor), [66, 46, 34]);
            let mut x = left + 0.018;
            while x < left + 0.345 {
                let own = self.chance.nth((x * 1000.0) as usize + row as usize * 777 + number as usize * 5000);
                let (width, high) = (own.between("width", 0.012, 0.026), own.between("high", 0.075, 0.11));
                let back = own.pick(
                    "back",
                    [[150, 58, 50], [62, 92, 128], [196, 160, 84], [82, 112, 82], [120, 84, 118], [206, 192, 160]],
                );
                self.brush.block((x, floor - high), (x + width - 0.002, floor), back);
                x += width;
            }
        }
    }
}
