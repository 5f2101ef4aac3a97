//! Things: a shape by its word, a material by its colour or metal.

use crate::chance::Chance;
use crate::colour::{Rgb, mix, scaled};
use crate::paint::Paint;
use crate::solid::{Cut, Solid};
use crate::vector::{Vec3, vec3};
use crate::words::Words;

/// A thing about 0.9 high that stands on the ground.
pub(crate) fn solids(prompt: &str, seed: u64) -> Vec<Solid> {
    let words = Words::of(prompt);
    let chance = Chance::of(&words.identity(), seed);
    let dyes = [[166, 60, 52], [60, 100, 150], [88, 126, 86], [196, 152, 74], [126, 90, 140], [214, 204, 180]];
    let colour = words.first_colour().unwrap_or_else(|| chance.pick("colour", dyes));
    let thing = Thing { colour, main: material(&words, colour), chance };
    if words.has(&["lantern", "lamp"]) {
        thing.lantern()
    } else if words.has(&["sword", "dagger", "knife"]) {
        thing.sword()
    } else if words.has(&["book", "diary", "notebook", "tome"]) {
        thing.book()
    } else if words.has(&["cup", "mug", "goblet", "bowl", "pot"]) {
        thing.cup()
    } else if words.has(&["chest", "box", "crate", "suitcase", "trunk"]) {
        thing.chest()
    } else if words.has(&["ball", "orb", "globe", "crystal"]) {
        thing.globe()
    } else {
        thing.vase()
    }
}

fn material(words: &Words, colour: Rgb) -> Paint {
    let metals =
        ["brass", "gold", "golden", "silver", "iron", "copper", "bronze", "steel", "metal", "sword", "dagger", "knife"];
    if words.has(&metals) { Paint::Metal(colour) } else { Paint::Glossy(colour) }
}

struct Thing {
    colour: Rgb,
    main: Paint,
    chance: Chance,
}

/// A shell of rotation through (height, radius) points.
fn turned(profile: &[(f64, f64)], closed: bool, paint: Paint) -> Vec<Solid> {
    let at = |(y, radius): (f64, f64)| (vec3(0.0, y, 0.0), radius);
    profile.windows(2).map(|pair| Solid::cone(at(pair[0]), at(pair[1]), closed, paint)).collect()
}

/// A ring of small balls: beads, rivets, a handle.
fn bow(middle: Vec3, across: Vec3, up: Vec3, thickness: f64, paint: Paint) -> Vec<Solid> {
    const PARTS: u32 = 14;
    let at = |part: u32| {
        let (sin, cos) = (std::f64::consts::PI * f64::from(part) / f64::from(PARTS)).sin_cos();
        middle + across * cos + up * sin
    };
    let part = |i: u32| Solid::cone((at(i), thickness), (at(i + 1), thickness), true, paint);
    let joint = |i: u32| Solid::ball(at(i), vec3(thickness, thickness, thickness), paint);
    (0..PARTS).map(part).chain((0..=PARTS).map(joint)).collect()
}

impl Thing {
    fn lantern(&self) -> Vec<Solid> {
        let mut solids = turned(
            &[(0.0, 0.25), (0.03, 0.25), (0.06, 0.20), (0.12, 0.18), (0.15, 0.22), (0.18, 0.22)],
            true,
            self.main,
        );
        // Behind the bars: a candle's flame in a warm glass.
        solids.push(Solid::ball(vec3(0.0, 0.36, 0.0), vec3(0.155, 0.19, 0.155), Paint::Glowing([255, 206, 112])));
        for bar in 0..6 {
            let (sin, cos) = (std::f64::consts::TAU * f64::from(bar) / 6.0 + 0.3).sin_cos();
            let at = |y: f64| vec3(0.195 * cos, y, 0.195 * sin);
            solids.push(Solid::cone((at(0.16), 0.012), (at(0.56), 0.012), false, self.main));
        }
        let lid = [(0.55, 0.23), (0.58, 0.23), (0.66, 0.13), (0.70, 0.10), (0.74, 0.11), (0.77, 0.05)];
        solids.extend(turned(&lid, true, self.main));
        solids.extend(bow(vec3(0.0, 0.60, 0.0), vec3(0.225, 0.0, 0.0), vec3(0.0, 0.36, 0.0), 0.012, self.main));
        solids
    }

    fn sword(&self) -> Vec<Solid> {
        let steel = Paint::Metal([176, 182, 192]);
        let hilt = Paint::Metal(mix(self.colour, [206, 166, 70], 0.5));
        let blade =
            Solid::cone((vec3(0.0, 0.68, 0.0), 0.055), (vec3(0.0, 0.02, 0.0), 0.006), true, steel).squashed(0.3);
        let grip =
            Solid::cone((vec3(0.0, 0.70, 0.0), 0.022), (vec3(0.0, 0.86, 0.0), 0.02), true, Paint::Glossy([74, 44, 34]));
        let guard = Solid::block(vec3(0.0, 0.69, 0.0), vec3(0.15, 0.018, 0.025), hilt);
        vec![blade, grip, guard, Solid::ball(vec3(0.0, 0.89, 0.0), vec3(0.038, 0.038, 0.038), hilt)]
    }

    fn book(&self) -> Vec<Solid> {
        let cover = Paint::Glossy(self.colour);
        let trim = Paint::Metal([206, 166, 70]);
        let tall = self.chance.between("tall", 0.62, 0.74);
        let middle = tall / 2.0;
        let mut solids = vec![
            Solid::block(vec3(0.0, middle, 0.075), vec3(0.25, middle, 0.014), cover),
            Solid::block(vec3(0.0, middle, -0.075), vec3(0.25, middle, 0.014), cover),
            Solid::block(vec3(-0.24, middle, 0.0), vec3(0.016, middle, 0.085), cover),
            Solid::block(vec3(0.0, middle, 0.0), vec3(0.232, middle - 0.02, 0.064), Paint::Plain([236, 226, 200])),
            Solid::block(vec3(0.0, middle, 0.088), vec3(0.10, 0.10, 0.004), trim),
        ];
        for (x, y) in [(0.21, 0.04), (0.21, tall - 0.04), (-0.21, 0.04), (-0.21, tall - 0.04)] {
            solids.push(Solid::block(vec3(x, y, 0.084), vec3(0.042, 0.042, 0.008), trim));
        }
        solids
    }

    fn cup(&self) -> Vec<Solid> {
        let outer = [
            (0.0, 0.20),
            (0.03, 0.20),
            (0.06, 0.15),
            (0.10, 0.17),
            (0.16, 0.225),
            (0.24, 0.255),
            (0.36, 0.272),
            (0.58, 0.28),
        ];
        let mut solids = turned(&outer, false, self.main);
        solids.extend(turned(&[(0.45, 0.27), (0.46, 0.26)], true, Paint::Plain([84, 48, 34])));
        solids.extend(turned(&[(0.565, 0.285), (0.595, 0.285)], false, Paint::Glossy(scaled(self.colour, 1.25))));
        solids.extend(bow(vec3(0.24, 0.34, 0.0), vec3(0.0, 0.14, 0.0), vec3(0.17, 0.0, 0.0), 0.026, self.main));
        solids
    }

    fn chest(&self) -> Vec<Solid> {
        let iron = Paint::Metal(mix(self.colour, [96, 90, 88], 0.7));
        let wood = Paint::Glossy(self.colour);
        let lid = Solid::cone((vec3(-0.36, 0.34, 0.0), 0.23), (vec3(0.36, 0.34, 0.0), 0.23), true, wood);
        let mut solids = vec![
            Solid::block(vec3(0.0, 0.17, 0.0), vec3(0.36, 0.17, 0.23), wood),
            lid.cut(Cut::beyond(vec3(0.0, 0.35, 0.0), vec3(0.0, -1.0, 0.0))),
            Solid::block(vec3(0.0, 0.345, 0.0), vec3(0.365, 0.010, 0.235), Paint::Plain(scaled(self.colour, 0.45))),
            Solid::block(vec3(0.0, 0.33, 0.235), vec3(0.055, 0.065, 0.014), Paint::Metal([206, 166, 70])),
        ];
        for x in [-0.29, 0.0, 0.29] {
            solids.push(Solid::block(vec3(x, 0.17, 0.0), vec3(0.026, 0.172, 0.236), iron));
            let band =
                Solid::cone((vec3(x - 0.026, 0.34, 0.0), 0.237), (vec3(x + 0.026, 0.34, 0.0), 0.237), true, iron);
            solids.push(band.cut(Cut::beyond(vec3(0.0, 0.35, 0.0), vec3(0.0, -1.0, 0.0))));
        }
        solids
    }

    fn globe(&self) -> Vec<Solid> {
        let foot = [(0.0, 0.22), (0.04, 0.22), (0.07, 0.10), (0.16, 0.06), (0.20, 0.12)];
        let mut solids = turned(&foot, true, Paint::Metal([190, 146, 68]));
        solids.push(Solid::ball(vec3(0.0, 0.50, 0.0), vec3(0.32, 0.32, 0.32), self.main));
        solids
    }

    /// What stands for every thing without a shape of its own.
    fn vase(&self) -> Vec<Solid> {
        let foot = self.chance.between("foot", 0.12, 0.2);
        let belly = self.chance.between("belly", 0.2, 0.3);
        let neck = self.chance.between("neck", 0.07, 0.13);
        let high = self.chance.between("high", 0.3, 0.5);
        // A smooth curve through foot, belly and neck.
        let blend = |a: f64, b: f64, t: f64| a + (b - a) * (0.5 - 0.5 * (std::f64::consts::PI * t).cos());
        let radius = |y: f64| {
            if y < high { blend(foot, belly, y / high) } else { blend(belly, neck, (y - high) / (0.8 - high)) }
        };
        let profile: Vec<_> = (0..=20).map(|i| f64::from(i) * 0.04).map(|y| (y, radius(y))).collect();
        let mut solids = turned(&profile, false, self.main);
        solids.extend(turned(&[(0.79, neck), (0.86, neck + 0.06)], false, self.main));
        let stripe = Paint::Glossy(mix(self.colour, [240, 228, 200], 0.6));
        solids.extend(turned(&[(high - 0.03, belly + 0.003), (high + 0.03, belly + 0.003)], false, stripe));
        solids
    }
}
