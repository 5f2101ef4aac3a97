//! Water with boats and a lighthouse, seen from planks.

use super::HORIZON;
use super::Place;
use crate::chance::{Chance, cloud, fractal, grain};
use crate::colour::{mix, scaled};

impl Place {
    pub(super) fn harbour(&mut self) {
        self.sky();
        let salt = self.salt;
        self.brush.ridge(HORIZON + 0.01, 0.11, 2.2, salt + 30, self.seen([96, 108, 116], 0.55));
        self.sea(HORIZON);
        let wide = self.brush.wide;
        let left = self.chance.one_in("tower side", 2.0);
        let tower = wide * if left { 0.16 } else { 0.84 };
        self.lighthouse((tower, HORIZON + 0.02), 0.34);
        for boat in 0..4 {
            let own = self.chance.nth(boat);
            let y = HORIZON + 0.03 + 0.05 * boat as f64;
            let x = wide * own.between("x", 0.12, 0.9);
            self.boat((x, y), 0.05 + 0.03 * boat as f64, own);
        }
        self.quay();
    }

    fn sea(&mut self, top: f64) {
        let (near, far) = (self.seen([44, 84, 104], 0.10), self.seen([96, 140, 152], 0.6));
        let (glint, salt, wide) = (mix(self.light.horizon, [255, 255, 255], 0.3), self.salt, self.brush.wide);
        self.brush.fill(top, 1.0, 0.0, wide, |x, y| {
            let depth = ((y - top) / (1.0 - top)).clamp(0.0, 1.0);
            let ripple = cloud(x * 30.0 / (0.25 + depth), (y - top) * 160.0 / (0.3 + depth), salt);
            (
                mix(mix(far, near, depth.sqrt()), glint, ((ripple - 0.62) * 2.2).clamp(0.0, 0.5)),
                if y >= top { 1.0 } else { 0.0 },
            )
        });
    }

    fn lighthouse(&mut self, (x, foot): (f64, f64), high: f64) {
        self.brush.ellipse((x, foot), (0.16, 0.035), self.seen([92, 92, 88], 0.35), 1.0);
        let (low, top) = (high * 0.13, high * 0.085);
        for band in 0..5 {
            let at = |share: f64| (foot - high * 0.8 * share, low + (top - low) * share);
            let (y0, w0) = at(f64::from(band) / 5.0);
            let (y1, w1) = at(f64::from(band + 1) / 5.0);
            let colour = if band % 2 == 0 { [232, 228, 220] } else { [176, 62, 54] };
            self.brush.polygon(&[(x - w1, y1), (x + w1, y1), (x + w0, y0), (x - w0, y0)], self.seen(colour, 0.25));
        }
        let deck = foot - high * 0.8;
        self.brush.block((x - top * 1.4, deck - 0.008), (x + top * 1.4, deck), self.seen([60, 60, 66], 0.2));
        self.brush.block((x - top * 0.7, deck - high * 0.12), (x + top * 0.7, deck - 0.008), [255, 236, 170]);
        self.brush.glow((x, deck - high * 0.07), high * 0.5, [255, 240, 190], 0.5);
        let roof = deck - high * 0.12;
        self.brush.polygon(&[(x, roof - high * 0.09), (x + top, roof), (x - top, roof)], self.seen([150, 52, 48], 0.2));
    }

    fn boat(&mut self, (x, y): (f64, f64), size: f64, own: Chance) {
        let distance = (0.5 - size * 2.4).max(0.05);
        let hull = own.pick("hull", [[150, 60, 52], [60, 92, 128], [72, 104, 84], [200, 186, 156]]);
        self.brush.ellipse((x, y + size * 0.06), (size * 1.1, size * 0.10), self.seen([40, 62, 76], distance), 0.55);
        let mast = self.seen([92, 70, 52], distance);
        self.brush.block((x - size * 0.03, y - size * 1.7), (x + size * 0.03, y - size * 0.2), mast);
        let sail = self.seen([232, 222, 200], distance);
        self.brush.polygon(
            &[(x + size * 0.06, y - size * 1.6), (x + size * 0.8, y - size * 0.45), (x + size * 0.06, y - size * 0.45)],
            sail,
        );
        let rim = [
            (x - size, y - size * 0.34),
            (x + size, y - size * 0.34),
            (x + size * 0.7, y + size * 0.04),
            (x - size * 0.7, y + size * 0.04),
        ];
        self.brush.polygon(&rim, self.seen(hull, distance));
        self.brush.block(
            (x - size, y - size * 0.36),
            (x + size, y - size * 0.28),
            self.seen(scaled(hull, 1.35), distance),
        );
    }

    /// Planks to stand on.
    fn quay(&mut self) {
        let (wood, gap, salt, wide) =
            (self.seen([132, 106, 80], 0.06), self.seen([66, 52, 42], 0.0), self.salt, self.brush.wide);
        let top = 0.80;
        self.brush.fill(top, 1.0, 0.0, wide, |x, y| {
            let near = (y - top) / (1.0 - top);
            let plank = (x - wide / 2.0) / (0.6 + 0.6 * near) * 9.0;
            let seam = (plank - plank.round()).abs() < 0.025;
            let tone = scaled(
                wood,
                0.84 + 0.2 * grain(plank.round() as i64, 4, salt) + 0.12 * fractal(x * 6.0, y * 60.0, salt),
            );
            (if seam { gap } else { tone }, if y >= top { 1.0 } else { 0.0 })
        });
        self.brush.block((0.0, top - 0.012), (wide, top + 0.006), gap);
    }
}
