//! Places, painted from the far to the near by the prompt's words.

mod forest;
mod harbour;
mod room;
mod street;

use image::RgbImage;

use crate::brush::Brush;
use crate::chance::{Chance, fractal, grain};
use crate::colour::{Rgb, mix, scaled};
use crate::draw::Canvas;
use crate::words::Words;

pub(crate) fn draw(prompt: &str, seed: u64, canvas: &Canvas) -> RgbImage {
    let words = Words::of(prompt);
    let chance = Chance::of(&words.identity(), seed);
    let light = Light::of(&words);
    let mut place = Place {
        brush: Brush::new(canvas.width, canvas.height),
        light,
        chance,
        salt: (chance.share("salt") * 1e6) as u64,
    };
    if words.has(&["room", "interior", "library", "kitchen", "house", "workshop", "tavern", "hall"]) {
        place.room();
    } else if words.has(&["harbour", "harbor", "sea", "port", "beach", "coast", "lighthouse", "lake", "ocean", "pier"])
    {
        place.harbour();
    } else if words.has(&["city", "street", "town", "village", "market", "alley"]) {
        place.street();
    } else if words.has(&["desert", "dune"]) {
        place.hills([206, 166, 110], false);
    } else if words.has(&["forest", "wood", "jungle", "park"]) {
        place.forest();
    } else if words.has(&["snow", "snowy", "winter", "ice"]) {
        place.hills([224, 230, 238], true);
    } else {
        place.hills([112, 142, 84], true);
    }
    if words.has(&["mist", "misty", "fog", "foggy", "haze", "hazy"]) {
        place.brush.veil(0.30, 0.85, light.horizon, 0.75);
    }
    place.finished()
}

/// The hour, as colours.
#[derive(Clone, Copy)]
struct Light {
    zenith: Rgb,
    horizon: Rgb,
    /// Multiplies what is lit.
    strength: f64,
    /// Sun or moon, and how high.
    lamp: (Rgb, f64),
    night: bool,
}

impl Light {
    fn of(words: &Words) -> Self {
        let (zenith, horizon, strength, lamp, night) = if words.has(&["night", "midnight", "moonlight"]) {
            ([18, 24, 52], [54, 66, 104], 0.42, ([236, 238, 224], 0.16), true)
        } else if words.has(&["dawn", "sunrise", "morning"]) {
            ([126, 150, 188], [248, 204, 170], 0.84, ([255, 240, 208], 0.43), false)
        } else if words.has(&["dusk", "sunset", "evening"]) {
            ([72, 74, 130], [246, 150, 96], 0.72, ([255, 214, 150], 0.44), false)
        } else if words.has(&["storm", "stormy", "rain", "rainy"]) {
            ([84, 92, 104], [150, 158, 166], 0.70, ([190, 196, 202], 0.20), false)
        } else {
            ([92, 152, 214], [204, 226, 240], 1.0, ([255, 252, 232], 0.15), false)
        };
        Self { zenith, horizon, strength, lamp, night }
    }
}

struct Place {
    brush: Brush,
    light: Light,
    chance: Chance,
    salt: u64,
}

const HORIZON: f64 = 0.54;

impl Place {
    /// A thing's colour at this hour; 0 near to 1 far, where the air takes over.
    fn seen(&self, colour: Rgb, distance: f64) -> Rgb {
        mix(scaled(colour, self.light.strength), self.light.horizon, distance)
    }

    fn sky(&mut self) {
        let Light { zenith, horizon, lamp: (lamp, height), night, .. } = self.light;
        self.brush.sky(0.0, HORIZON + 0.02, zenith, horizon);
        let at = (self.brush.wide * self.chance.between("lamp", 0.2, 0.8), height);
        self.brush.glow(at, 0.34, lamp, 0.55);
        self.brush.ellipse(at, (0.034, 0.034), lamp, 0.95);
        let (salt, wide) = (self.salt, self.brush.wide);
        if night {
            for star in 0..90 {
                let at = (grain(star, 1, salt) * wide, grain(star, 2, salt) * 0.45);
                self.brush.ellipse(at, (0.0016, 0.0016), [240, 240, 255], grain(star, 3, salt));
            }
        }
        let bright = mix(horizon, [255, 255, 255], 0.55);
        self.brush.fill(0.0, 0.42, 0.0, wide, |x, y| {
            let thick = fractal(x * 1.6, y * 5.0, salt + 9) - 0.52 - 0.5 * (y - 0.22).abs();
            (bright, (thick * 3.2).clamp(0.0, if night { 0.12 } else { 0.7 }))
        });
    }

    fn hills(&mut self, ground: Rgb, peaks: bool) {
        self.sky();
        let salt = self.salt;
        if peaks {
            self.brush.ridge(HORIZON + 0.02, 0.34, 2.6, salt, self.seen([104, 112, 138], 0.62));
            self.brush.ridge(HORIZON + 0.04, 0.24, 3.4, salt + 20, self.seen([88, 100, 116], 0.40));
        }
        self.brush.ridge(HORIZON + 0.08, 0.16, 1.8, salt + 40, self.seen(ground, 0.38));
        self.brush.ridge(HORIZON + 0.18, 0.16, 1.4, salt + 60, self.seen(ground, 0.18));
        self.ground(ground, HORIZON + 0.14);
    }

    /// From the far to the near, rougher towards the viewer.
    fn ground(&mut self, colour: Rgb, top: f64) {
        let (far, near) = (self.seen(colour, 0.20), self.seen(scaled(colour, 0.86), 0.0));
        let (salt, wide) = (self.salt, self.brush.wide);
        self.brush.fill(top, 1.0, 0.0, wide, |x, y| {
            let depth = ((y - top) / (1.0 - top)).clamp(0.0, 1.0);
            let rough = fractal(x * 14.0 / (0.4 + depth), y * 60.0 / (0.4 + depth), salt) - 0.5;
            (scaled(mix(far, near, depth), 1.0 + 0.30 * rough), (depth * 14.0).min(1.0))
        });
    }

    /// With the grain of a camera.
    fn finished(self) -> RgbImage {
        let mut image = self.brush.image;
        for (x, y, pixel) in image.enumerate_pixels_mut() {
            let speck = (grain(i64::from(x), i64::from(y), 23) - 0.5) * 4.0;
            pixel.0 = pixel.0.map(|value| (f64::from(value) + speck).round().clamp(0.0, 255.0) as u8);
        }
        image
    }
}
