//! The characters, and everything that may be wrong with them.

use likeness_figures::{Bag, Bottom, Cloth, Defects, HairStyle, Hat, HatKind, Look, Pattern, Rgb, Side, Style};

use crate::chance::Chance;

pub(crate) const STYLES: [Style; 6] = [Style::Soft, Style::Photo, Style::Painted, Style::Cel, Style::Flat, Style::Line];

/// Those that the models are fitted to.
const PROMPTS: [&str; 36] = [
    "a lighthouse keeper in a yellow raincoat",
    "an 8-year-old girl dressed as a witch",
    "a red-haired knight with a blue cape",
    "an old woman with glasses and a green coat",
    "a young woman with long hair in a blue dress with a red scarf",
    "a curly-haired explorer with a leather bag and a hat",
    "a boy in a red striped sweater and blue shorts",
    "a bearded sailor in a navy sweater",
    "a queen in a purple gown with a crown",
    "a scientist in a white coat",
    "a woman with a ponytail in a teal jacket and black trousers",
    "a friendly neighbour",
    "a girl with braids in a pink dress",
    "a bald man in a grey suit",
    "a viking with a red beard and a helmet",
    "a captain with a cap and a blue uniform",
    "a nurse with a bun",
    "a spiky haired punk in a black jacket and red trousers",
    "a wizard in an indigo robe",
    "a stout cook in a white shirt and checked trousers",
    "a slim dancer in an orange skirt with a bag",
    "a boy with a green beanie and a yellow jacket",
    "a detective in a brown coat with a hat",
    "a superhero with a red cape and a blue suit",
    "a gardener in olive trousers with a straw hat",
    "a young man in a copper tunic",
    "a grandmother in a lavender dress",
    "a strong warrior in bronze armour",
    "a girl in a mint hoodie and jeans",
    "a monk in a brown robe",
    "a woman with curly hair in a mustard coat",
    "a pirate with a burgundy jacket",
    "a fisherman in a raincoat",
    "a princess in a turquoise dress with a crown",
    "a tailor in a dotted shirt with glasses",
    "a traveller with a satchel and a scarf",
];

/// Those that the figures are measured on, and nothing else.
const FRESH: [&str; 18] = [
    "a postman in a blue jacket with a satchel",
    "a ballerina in a rose dress",
    "an old fisherman in a yellow coat with a grey beard",
    "a boy in a superhero suit with a green cape",
    "a librarian with glasses and a plum cardigan",
    "a woman in a maroon gown with long dark hair",
    "a blacksmith in a tan tunic",
    "a girl with a bun in a striped sweater and a skirt",
    "a hunter in a green coat with a hat and boots",
    "a bald chef in white clothes",
    "a young man with curly hair in a dotted shirt and shorts",
    "a witch in a black dress with a hat",
    "a stout mayor in a purple coat with a red scarf",
    "an astronaut in an orange suit",
    "a woman with braids in a checked shirt and jeans",
    "a prince with a crown and a white cape",
    "a slim painter with a beret and a teal scarf",
    "a toddler in a cyan hoodie",
];

/// Who is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cast {
    /// All: the models are fitted and then tested.
    Both,
    /// The committed models are tested.
    Test,
    /// They are tested on one character in each style.
    Gate,
    /// Only those for fitting, a third of which is held out: for development, so that the test stays one.
    Develop,
}

/// One of the cast.
pub(crate) struct Character {
    pub(crate) number: usize,
    pub(crate) look: Look,
    pub(crate) style: Style,
    pub(crate) test: bool,
}

pub(crate) fn characters(cast: Cast) -> Vec<Character> {
    let fitted = PROMPTS.iter().enumerate().map(|(number, prompt)| Character {
        number,
        look: Look::from_prompt(prompt, 100 + number as u64),
        style: STYLES[number % STYLES.len()],
        test: cast == Cast::Develop && (number / STYLES.len()) % 3 == 1,
    });
    let fresh = FRESH.iter().enumerate().map(|(index, prompt)| Character {
        number: 500 + index,
        look: Look::from_prompt(prompt, 9_000 + 7 * index as u64),
        style: STYLES[index % STYLES.len()],
        test: true,
    });
    match cast {
        Cast::Both => fitted.chain(fresh).collect(),
        Cast::Test => fresh.collect(),
        Cast::Gate => fresh.take(STYLES.len()).collect(),
        Cast::Develop => fitted.collect(),
    }
}

/// The check that has to notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    Color,
    Proportion,
    Features,
    Style,
    Everything,
}

/// Something wrong.
pub(crate) struct Defect {
    pub(crate) name: &'static str,
    pub(crate) check: Check,
    pub(crate) views: Views,
    pub(crate) spoil: fn(&mut Look, &mut Defects, &mut Chance),
}

/// From where a defect is seen.
#[derive(Clone, Copy)]
pub(crate) enum Views {
    All,
    Face,
}

impl Views {
    pub(crate) fn angles(self) -> &'static [u16] {
        match self {
            Self::All => &[0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330],
            Self::Face => &[0, 30, 330, 0, 300, 60],
        }
    }
}

const fn defect(name: &'static str, check: Check, spoil: fn(&mut Look, &mut Defects, &mut Chance)) -> Defect {
    Defect { name, check, views: Views::All, spoil }
}

const fn facial(name: &'static str, spoil: fn(&mut Look, &mut Defects, &mut Chance)) -> Defect {
    Defect { name, check: Check::Features, views: Views::Face, spoil }
}

pub(crate) const DEFECTS: [Defect; 37] = [
    defect("top hue 25", Check::Color, |look, _, c| dye_top(look, 25.0, c)),
    defect("top hue 50", Check::Color, |look, _, c| dye_top(look, 50.0, c)),
    defect("top hue 100", Check::Color, |look, _, c| dye_top(look, 100.0, c)),
    defect("legs hue 40", Check::Color, |look, _, c| dye(&mut look.bottom_cloth, 40.0, c)),
    defect("legs hue 90", Check::Color, |look, _, c| dye(&mut look.bottom_cloth, 90.0, c)),
    defect("all clothes hue 20", Check::Color, |_, defects, c| defects.hue_shift_degrees = signed(20.0, c)),
    defect("all clothes hue 45", Check::Color, |_, defects, c| defects.hue_shift_degrees = signed(45.0, c)),
    defect("all clothes hue 90", Check::Color, |_, defects, c| defects.hue_shift_degrees = signed(90.0, c)),
    defect("shoes recoloured", Check::Color, |look, _, c| look.shoes = recoloured(look.shoes, c)),
    defect("hair recoloured", Check::Color, |look, _, c| look.hair.colour = recoloured(look.hair.colour, c)),
    defect("skin recoloured", Check::Color, |look, _, _| {
        let pale = look.skin.iter().map(|&v| u32::from(v)).sum::<u32>() > 450;
        look.skin = if pale { [140, 94, 66] } else { [240, 200, 170] };
    }),
    defect("other top", Check::Color, |look, _, c| {
        let other = recoloured(outer(look).colour, c);
        outer(look).colour = other;
    }),
    defect("legs +8 %", Check::Proportion, |_, defects, _| defects.leg_scale = 1.08),
    defect("legs -10 %", Check::Proportion, |_, defects, _| defects.leg_scale = 0.90),
    defect("legs +18 %", Check::Proportion, |_, defects, _| defects.leg_scale = 1.18),
    defect("legs -18 %", Check::Proportion, |_, defects, _| defects.leg_scale = 0.82),
    defect("head +15 %", Check::Proportion, |look, _, _| look.build.heads /= 1.15),
    defect("head -15 %", Check::Proportion, |look, _, _| look.build.heads /= 0.85),
    defect("head +30 %", Check::Proportion, |look, _, _| look.build.heads /= 1.30),
    defect("shoulders +20 %", Check::Proportion, |look, _, _| look.build.shoulders *= 1.20),
    defect("girth +20 %", Check::Proportion, |look, _, _| look.build.girth *= 1.20),
    defect("girth -20 %", Check::Proportion, |look, _, _| look.build.girth *= 0.80),
    facial("beard", |look, _, _| {
        look.face.beard = if look.face.beard.is_some() { None } else { Some(look.hair.colour) };
    }),
    facial("glasses", |look, _, _| {
        look.face.glasses = if look.face.glasses.is_some() { None } else { Some([52, 46, 44]) };
    }),
    facial("eyes larger", |look, _, _| look.face.eye_size *= 1.5),
    defect("hair style", Check::Features, |look, _, c| {
        use HairStyle::{Bald, Bob, Braids, Bun, Curly, Long, Ponytail, Short, Spiky};
        let old = look.hair.style;
        let others: Vec<HairStyle> = [Bald, Short, Bob, Long, Ponytail, Bun, Braids, Curly, Spiky]
            .into_iter()
            .filter(|&style| style != old)
            .collect();
        look.hair.style = c.pick(&others);
    }),
    defect("bag", Check::Features, |look, _, c| {
        let side = c.pick(&[Side::Left, Side::Right]);
        look.bag = if look.bag.is_some() { None } else { Some(Bag { colour: [124, 80, 46], side }) };
    }),
    defect("scarf", Check::Features, |look, _, _| {
        look.scarf = if look.scarf.is_some() { None } else { Some([178, 58, 50]) };
    }),
    defect("hat", Check::Features, |look, _, c| {
        let kind = c.pick(&[HatKind::Brimmed, HatKind::Cap, HatKind::Beanie, HatKind::Crown]);
        let hat = Hat { kind, colour: [112, 78, 50], band: [178, 60, 52] };
        look.hat = if look.hat.is_some() { None } else { Some(hat) };
    }),
    defect("cape", Check::Features, |look, _, _| {
        look.cape = if look.cape.is_some() { None } else { Some([48, 74, 140]) };
    }),
    defect("pattern", Check::Features, |look, _, c| {
        let old = outer(look).pattern;
        let others: Vec<Pattern> = [Pattern::Plain, Pattern::Stripes, Pattern::Dots, Pattern::Checks]
            .into_iter()
            .filter(|&pattern| pattern != old)
            .collect();
        let pattern = if old == Pattern::Plain { c.pick(&others) } else { Pattern::Plain };
        outer(look).pattern = pattern;
    }),
    defect("trousers or skirt", Check::Features, |look, _, _| {
        look.bottom = match look.bottom {
            Bottom::Trousers | Bottom::Shorts => Bottom::Skirt,
            Bottom::Skirt | Bottom::Gown => Bottom::Trousers,
        };
    }),
    defect("style, next", Check::Style, |_, defects, _| defects.style = shifted(defects.style, 1)),
    defect("style, second", Check::Style, |_, defects, _| defects.style = shifted(defects.style, 2)),
    defect("style, third", Check::Style, |_, defects, _| defects.style = shifted(defects.style, 3)),
    defect("style, fourth", Check::Style, |_, defects, _| defects.style = shifted(defects.style, 4)),
    defect("style, fifth", Check::Style, |_, defects, _| defects.style = shifted(defects.style, 5)),
];

fn shifted(style: Option<Style>, by: usize) -> Option<Style> {
    let at = STYLES.iter().position(|known| Some(*known) == style)?;
    Some(STYLES[(at + by) % STYLES.len()])
}

fn outer(look: &mut Look) -> &mut Cloth {
    look.coat.as_mut().unwrap_or(&mut look.top_cloth)
}

fn dye_top(look: &mut Look, degrees: f64, chance: &mut Chance) {
    dye(outer(look), degrees, chance);
}

fn signed(degrees: f64, chance: &mut Chance) -> f64 {
    if chance.share() < 0.5 { degrees } else { -degrees }
}

/// Turns the hue; what has none becomes lighter or darker by as much as the turn would be seen.
fn dye(cloth: &mut Cloth, degrees: f64, chance: &mut Chance) {
    let colour = cloth.colour;
    let grey = colour.iter().max().zip(colour.iter().min()).is_some_and(|(most, least)| most - least < 40);
    if grey {
        let by = degrees * 0.8 * if colour[1] > 128 { -1.0 } else { 1.0 };
        cloth.colour = colour.map(|value| (f64::from(value) + by).clamp(0.0, 255.0) as u8);
    } else {
        cloth.colour = turned(colour, signed(degrees, chance));
    }
}

/// A rotation of the chroma plane of YIQ.
fn turned(colour: Rgb, degrees: f64) -> Rgb {
    let [r, g, b] = colour.map(f64::from);
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    let (i, q) = (0.596 * r - 0.274 * g - 0.322 * b, 0.211 * r - 0.523 * g + 0.312 * b);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (i, q) = (i * cos - q * sin, i * sin + q * cos);
    [y + 0.956 * i + 0.621 * q, y - 0.272 * i - 0.647 * q, y - 1.106 * i + 1.703 * q]
        .map(|value| value.round().clamp(0.0, 255.0) as u8)
}

/// A clearly different colour.
fn recoloured(colour: Rgb, chance: &mut Chance) -> Rgb {
    let dyes: [Rgb; 8] = [
        [176, 62, 54],
        [58, 98, 150],
        [84, 124, 86],
        [206, 168, 84],
        [128, 86, 136],
        [222, 214, 196],
        [44, 42, 48],
        [196, 112, 74],
    ];
    let far = |other: &Rgb| colour.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>() > 110;
    let others: Vec<Rgb> = dyes.into_iter().filter(far).collect();
    chance.pick(&others)
}
