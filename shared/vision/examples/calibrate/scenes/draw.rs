//! Drawing a scene as the emulator does, but with other places, views, light and compression.

use image::RgbImage;
use likeness_figures::{Canvas, Defects, Look, Placed, Style, View, draw_character, draw_location, draw_scene};
use likeness_vision::consistency::Evidence;

use super::{Cast, Labelled, Wrong};
use crate::chance::Chance;
use crate::damage::{jpeg, picture};

const PLACES: [&str; 12] = [
    "a harbour at dawn",
    "a forest",
    "a city street at night",
    "a library room",
    "a desert",
    "a snowy winter landscape",
    "mountains at sunset",
    "a stormy sea",
    "a misty village street",
    "a kitchen interior in the morning",
    "a meadow",
    "a foggy forest at dusk",
];
/// A blend that changes less of a drawing (of 1000 pixels) is left out: who has the same hair is no blend.
const VISIBLE: u32 = 12;
const SIZES: [(u32, u32); 4] = [(448, 448), (640, 360), (560, 420), (640, 360)];

pub(super) fn labelled(cast: &Cast, test: bool, wrong: Wrong, number: usize) -> Labelled {
    let name = format!("scene {test} {wrong:?} {number}");
    let mut chance = Chance::of(&name);
    let least = if matches!(wrong, Wrong::Swapped | Wrong::Blended) { 2 } else { 1 };
    let count = least + number % (5 - least);
    let wanted = cast.pick(test, count, &mut chance);
    let (width, height) = SIZES[if count > 2 { 1 } else { number / 4 % SIZES.len() }];
    let aspect = f64::from(width) / f64::from(height);
    let stands = stands(count, aspect, &mut chance);
    let mut placed: Vec<Placed> = wanted
        .iter()
        .zip(&stands)
        .map(|(&who, stand)| stand.placed(&cast.characters[who].look, aspect, &mut chance))
        .collect();
    let first = (chance.share() * count as f64) as usize;
    let second = (first + 1 + (chance.share() * (count.max(2) - 1) as f64) as usize) % count;
    let mut spoilt = Vec::new();
    let mut people: Vec<(usize, Placed)> = Vec::new();
    match wrong {
        Wrong::Nothing | Wrong::Missing => {}
        Wrong::Swapped => {
            let (there, here) = (placed[first].x, placed[second].x);
            (placed[first].x, placed[second].x) = (here, there);
            spoilt = vec![first, second];
        }
        Wrong::Blended => {
            let clothes = number.is_multiple_of(2);
            let own = placed[first].look.clone();
            let mixed = |other: usize| mixed(&own, &placed[other].look, clothes);
            // With whom it can be seen at all.
            let others = (0..count).map(|step| (second + step) % count).filter(|&other| other != first);
            let other = others.max_by_key(|&other| change(&own, &mixed(other)).min(VISIBLE)).unwrap_or(second);
            let look = mixed(other);
            if change(&own, &look) >= VISIBLE {
                spoilt = vec![first];
            }
            placed[first].look = look;
        }
        Wrong::Duplicate => {
            let twin = stands[count].placed(&cast.characters[wanted[first]].look, aspect, &mut chance);
            people.push((first, twin));
        }
        Wrong::Recoloured => {
            recolour(&mut placed[first].look, &mut chance);
            spoilt = vec![first];
        }
    }
    people.extend(placed.into_iter().enumerate());
    if wrong == Wrong::Missing {
        people.retain(|(slot, _)| *slot != first);
        spoilt = vec![first];
    }
    let canvas = Canvas { width, height, background: [240, 240, 238] };
    let seed = number as u64 * 2 + u64::from(test);
    let figures: Vec<Placed> = people.iter().map(|(_, placed)| placed.clone()).collect();
    let prompt = chance.pick(&PLACES);
    let image = if figures.is_empty() {
        draw_location(prompt, seed, &canvas)
    } else {
        draw_scene(prompt, &figures, seed, &canvas)
    };
    let asked =
        stands[..count].iter().map(|stand| (wrong == Wrong::Swapped || number % 5 != 4).then_some(stand.middle()));
    Labelled {
        test,
        wrong,
        name,
        scene: picture(lit(image, &mut chance)),
        asked: asked.collect(),
        truth: people.iter().map(|(slot, placed)| (*slot, boxed(placed, aspect))).collect(),
        wanted,
        spoilt,
    }
}

/// Where somebody is asked to stand.
struct Stand {
    x: f64,
    feet: f64,
    scale: f64,
}

/// One more than needed, for a double.
fn stands(count: usize, aspect: f64, chance: &mut Chance) -> Vec<Stand> {
    let all = count + 1;
    let room = aspect / all as f64;
    // Nobody is much wider than 0.42 of their height.
    let most = (room / 0.42).min(0.82);
    let scale = most * (0.80 + 0.20 * chance.share());
    let mut stands: Vec<Stand> = (0..all)
        .map(|index| Stand {
            x: (index as f64 + 0.5) / all as f64,
            feet: 0.93 + chance.around(0.04),
            scale: scale * (1.0 + chance.around(0.08)),
        })
        .collect();
    let spare = (chance.share() * all as f64) as usize;
    let last = stands.remove(spare);
    stands.push(last);
    stands
}

impl Stand {
    fn middle(&self) -> [f64; 2] {
        [self.x, self.feet - self.scale / 2.0]
    }

    /// About there, a little turned, a little different.
    fn placed(&self, look: &Look, aspect: f64, chance: &mut Chance) -> Placed {
        let mut look = look.clone();
        look.build.heads *= 1.0 + chance.around(0.015);
        look.build.girth *= 1.0 + chance.around(0.02);
        for colour in [&mut look.skin, &mut look.hair.colour, &mut look.top_cloth.colour, &mut look.bottom_cloth.colour]
        {
            *colour = colour.map(|value| (f64::from(value) * (1.0 + chance.around(0.03))).clamp(0.0, 255.0) as u8);
        }
        let turned = chance.pick(&[0.0, 0.0, 0.0, 20.0, -20.0, 35.0, -35.0]);
        Placed {
            look,
            view: View { azimuth_degrees: turned + chance.around(5.0), elevation_degrees: chance.around(3.0) },
            x: (self.x + chance.around(0.03) / aspect).clamp(0.1, 0.9),
            y: self.feet + chance.around(0.02),
            scale: self.scale * (1.0 + chance.around(0.04)),
        }
    }
}

/// The silhouette's box, from a drawing of the figure alone.
fn boxed(placed: &Placed, aspect: f64) -> Evidence {
    const SIDE: u32 = 200;
    let alone = |wall: u8| {
        let canvas = Canvas { width: SIDE, height: SIDE, background: [wall; 3] };
        draw_character(&placed.look, placed.view, Style::Flat, &canvas, &Defects::default())
    };
    let (light, dark) = (alone(250), alone(60));
    // Behind the figure the wall shows in neither.
    let solid = |x: u32, y: u32| {
        let (a, b) = (light.get_pixel(x, y).0, dark.get_pixel(x, y).0);
        a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b))).sum::<u32>() < 60
    };
    let pixels = (0..SIDE * SIDE).map(|at| (at % SIDE, at / SIDE)).filter(|&(x, y)| solid(x, y));
    let [left, top, right, bottom] = pixels.fold([SIDE, SIDE, 0, 0], |[left, top, right, bottom], (x, y)| {
        [left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)]
    });
    let side = f64::from(SIDE);
    let unit = 0.78 * side;
    let across = |x: u32| placed.x + (f64::from(x) - 0.5 * side) / unit * placed.scale / aspect;
    let down = |y: u32| placed.y + (f64::from(y) - 0.935 * side) / unit * placed.scale;
    let clamped = |value: f64| value.clamp(0.0, 1.0);
    let (x, y) = (clamped(across(left)), clamped(down(top)));
    Evidence { x, y, width: clamped(across(right)) - x, height: clamped(down(bottom)) - y }
}

/// With the clothes of another, or their head.
fn mixed(look: &Look, other: &Look, clothes: bool) -> Look {
    let (body, head) = if clothes { (other, look) } else { (look, other) };
    let (skin, face, hair, hat) = (head.skin, head.face.clone(), head.hair.clone(), head.hat);
    Look { skin, face, hair, hat, build: look.build, ..body.clone() }
}

/// How many of a thousand pixels of a drawing change clearly; judged on the drawings, no measure has a say in it.
fn change(one: &Look, other: &Look) -> u32 {
    let canvas = Canvas { width: 128, height: 128, background: [226, 226, 222] };
    let draw = |look: &Look| draw_character(look, View::level(0.0), Style::Soft, &canvas, &Defects::default());
    let (one, other) = (draw(one), draw(other));
    let clear = |(a, b): &(&image::Rgb<u8>, &image::Rgb<u8>)| {
        a.0.iter().zip(b.0).map(|(a, b)| u32::from(a.abs_diff(b))).sum::<u32>() > 90
    };
    let clear = one.pixels().zip(other.pixels()).filter(clear).count() as u32;
    clear * 1000 / (128 * 128)
}

/// Top and legs in clearly other colours.
fn recolour(look: &mut Look, chance: &mut Chance) {
    let dyes =
        [[176, 62, 54], [58, 98, 150], [84, 124, 86], [206, 168, 84], [128, 86, 136], [222, 214, 196], [44, 42, 48]];
    let mut other = |colour: [u8; 3]| {
        let far = |dye: &[u8; 3]| colour.iter().zip(dye).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>() > 130;
        chance.pick(&dyes.into_iter().filter(far).collect::<Vec<_>>())
    };
    look.top_cloth.colour = other(look.top_cloth.colour);
    look.bottom_cloth.colour = other(look.bottom_cloth.colour);
    if let Some(coat) = &mut look.coat {
        coat.colour = other(coat.colour);
    }
}

/// Another hour, another lens, another file.
fn lit(mut image: RgbImage, chance: &mut Chance) -> RgbImage {
    let (across, down, gamma) = (chance.around(0.10), chance.around(0.10), 1.0 + chance.around(0.10));
    let warm = chance.around(0.03);
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let light = 1.0 + across * (f64::from(x) / width - 0.5) + down * (f64::from(y) / height - 0.5);
        let tint = [1.0 + warm, 1.0, 1.0 - warm];
        pixel.0 = [0, 1, 2].map(|i| {
            let value = (f64::from(pixel.0[i]) / 255.0).powf(gamma) * light * tint[i];
            (value * 255.0).round().clamp(0.0, 255.0) as u8
        });
    }
    if chance.share() < 0.6 {
        return jpeg(&image, (60.0 + 30.0 * chance.share()) as u8);
    }
    image
}
