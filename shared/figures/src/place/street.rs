//! Two rows of houses.

use super::HORIZON;
use super::Place;
use crate::chance::{Chance, grain};
use crate::colour::scaled;

impl Place {
    pub(super) fn street(&mut self) {
        self.sky();
        for (row, (foot, distance)) in [(HORIZON + 0.01, 0.5), (HORIZON + 0.06, 0.12)].into_iter().enumerate() {
            let mut x = -0.05;
            let mut number = 0;
            while x < self.brush.wide {
                let own = self.chance.nth(row * 500 + number);
                let width = own.between("width", 0.14, 0.26);
                let high = own.between("high", 0.24, 0.46);
                self.house((x, foot - high), (x + width, foot), own, distance);
                x += width;
                number += 1;
            }
        }
        self.ground([128, 122, 116], HORIZON + 0.05);
    }

    fn house(&mut self, (left, top): (f64, f64), (right, foot): (f64, f64), own: Chance, distance: f64) {
        let wall =
            own.pick("wall", [[196, 156, 118], [178, 106, 88], [206, 190, 160], [136, 146, 152], [164, 132, 120]]);
        let roof = self.seen(own.pick("roof", [[112, 56, 48], [80, 76, 84], [96, 70, 56]]), distance);
        self.brush.polygon(&[((left + right) / 2.0, top - 0.07), (right + 0.01, top), (left - 0.01, top)], roof);
        self.brush.block((left, top), (right, foot), self.seen(wall, distance));
        let (columns, rows) = (((right - left) / 0.06) as i64, ((foot - top) / 0.085) as i64);
        for column in 0..columns {
            for row in 0..rows {
                let lit = self.light.night && grain(column, row, own.share("lit").to_bits()) > 0.45;
                let glass = if lit { [255, 214, 128] } else { self.seen([88, 104, 120], distance) };
                let x = left + (right - left) * (column as f64 + 0.5) / columns as f64;
                let y = top + 0.045 + 0.085 * row as f64;
                self.brush.block(
                    (x - 0.016, y - 0.026),
                    (x + 0.016, y + 0.026),
                    self.seen(scaled(wall, 1.2), distance),
                );
                self.brush.block((x - 0.012, y - 0.022), (x + 0.012, y + 0.022), glass);
            }
        }
    }
}
