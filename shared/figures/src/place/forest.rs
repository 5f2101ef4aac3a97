//! Firs around a clearing.

use super::HORIZON;
use super::Place;
use crate::colour::{Rgb, mix, scaled};

impl Place {
    pub(super) fn forest(&mut self) {
        self.sky();
        self.ground([86, 104, 58], HORIZON);
        for (row, (foot, high, distance)) in
            [(0.57, 0.30, 0.62), (0.61, 0.42, 0.38), (0.68, 0.58, 0.14)].into_iter().enumerate()
        {
            let step = 0.05 + 0.05 * row as f64;
            let count = (self.brush.wide / step) as usize + 2;
            for tree in 0..count {
                let own = self.chance.nth(row * 1000 + tree);
                let x = (tree as f64 + own.between("x", -0.35, 0.35)) * step;
                // A clearing, so that figures have a place.
                if row == 2 && (x / self.brush.wide - 0.5).abs() < 0.24 {
                    continue;
                }
                let green = mix([34, 74, 44], [84, 112, 50], own.share("green"));
                self.fir(
                    (x, foot + own.between("foot", 0.0, 0.03)),
                    high * own.between("high", 0.75, 1.1),
                    green,
                    distance,
                );
            }
        }
    }

    fn fir(&mut self, (x, foot): (f64, f64), high: f64, green: Rgb, distance: f64) {
        let bark = self.seen([82, 60, 42], distance);
        self.brush.block((x - high * 0.02, foot - high * 0.2), (x + high * 0.02, foot), bark);
        for tier in 0..4 {
            let low = foot - high * (0.12 + 0.2 * f64::from(tier));
            let half = high * (0.20 - 0.038 * f64::from(tier));
            let lit = self.seen(scaled(green, 0.86 + 0.10 * f64::from(tier)), distance);
            self.brush.polygon(&[(x, low - high * 0.30), (x + half, low), (x - half, low)], lit);
        }
    }
}
