//! What a prompt dresses its character in.

use super::prompt::Person;
use super::{Bag, Bottom, Cloth, Hat, HatKind, Pattern, Rgb, Side, Top};
use crate::chance::Chance;
use crate::colour::{brightness, mix, scaled};
use crate::words::Words;

pub(super) fn top(words: &Words, chance: Chance) -> (Top, Cloth) {
    let things = [
        "shirt", "sweater", "jumper", "jacket", "blouse", "tunic", "hoodie", "vest", "dress", "gown", "robe", "armour",
        "armor", "suit", "uniform", "kimono", "pullover",
    ];
    let armoured = words.has(&["armour", "armor", "knight"]);
    let colour = words.colour_of(&things);
    if armoured {
        let steel = words.colour_of(&["armour", "armor"]).unwrap_or([150, 156, 166]);
        return (Top::Armour, Cloth { colour: steel, accent: scaled(steel, 0.62), pattern: Pattern::Plain });
    }
    let black_dress = words.has(&["witch"]).then_some([58, 46, 74]);
    let role = if words.has(&["doctor", "nurse", "scientist", "chef", "baker"]) {
        Some([232, 232, 228])
    } else if words.has(&["wizard"]) {
        Some([66, 64, 128])
    } else if words.has(&["monk"]) {
        Some([118, 84, 54])
    } else {
        black_dress
    };
    let dyes = [
        [176, 62, 54],
        [58, 98, 150],
        [84, 124, 86],
        [206, 168, 84],
        [128, 86, 136],
        [222, 214, 196],
        [64, 118, 124],
        [196, 112, 74],
    ];
    let ground = colour.or(role).unwrap_or_else(|| chance.pick("top", dyes));
    let short = words.has(&["shirt", "summer"]) && words.has(&["t", "tee", "summer"]);
    (if short { Top::ShortSleeved } else { Top::Shirt }, cloth(words, chance, "top", ground))
}

pub(super) fn bottom(words: &Words, chance: Chance, person: &Person, top: Cloth) -> (Bottom, Cloth) {
    let dyes = [[62, 72, 98], [92, 76, 60], [70, 74, 72], [120, 104, 82], [54, 54, 60], [96, 60, 54]];
    let plain = |colour: Rgb| Cloth { colour, accent: scaled(colour, 0.7), pattern: Pattern::Plain };
    let legs = ["trousers", "pants", "jeans", "leggings", "shorts"];
    let own = words.colour_of(&legs).unwrap_or_else(|| chance.pick("bottom", dyes));
    if words.has(&["robe", "gown", "wizard", "monk", "queen", "kimono"]) {
        (Bottom::Gown, top)
    } else if words.has(&["dress", "princess"]) || (words.has(&["witch"]) && person.female) {
        (Bottom::Skirt, top)
    } else if words.has(&["skirt"]) {
        (Bottom::Skirt, plain(words.colour_of(&["skirt"]).unwrap_or(own)))
    } else if words.has(&["shorts"]) {
        (Bottom::Shorts, plain(own))
    } else if words.has(&legs) || words.has(&["knight", "keeper", "sailor"]) {
        (Bottom::Trousers, plain(own))
    } else if person.female && chance.one_in("skirt", 3.0) {
        (Bottom::Skirt, plain(own))
    } else {
        (Bottom::Trousers, plain(own))
    }
}

pub(super) fn coat(words: &Words, chance: Chance) -> Option<Cloth> {
    let things = ["coat", "raincoat", "overcoat", "trenchcoat", "parka", "cloak"];
    let named_coat = words.has(&things);
    let role = words.has(&["doctor", "scientist"]);
    let ground = words.colour_of(&things).unwrap_or(if role {
        [236, 236, 232]
    } else if words.has(&["raincoat"]) {
        [240, 196, 38]
    } else {
        chance.pick("coat", [[104, 78, 56], [60, 72, 92], [82, 92, 74], [120, 52, 52]])
    });
    let accent = mix(scaled(ground, 0.55), [60, 48, 40], 0.35);
    (named_coat || role).then_some(Cloth { colour: ground, accent, pattern: Pattern::Plain })
}

pub(super) fn hat(words: &Words, chance: Chance, person: &Person) -> Option<Hat> {
    let things = ["hat", "cap", "beanie", "crown", "helmet", "hood", "beret"];
    let kind = if words.has(&["witch", "wizard"]) {
        HatKind::Witch
    } else if words.has(&["crown", "king", "queen", "princess", "prince"]) {
        HatKind::Crown
    } else if words.has(&["helmet", "viking", "firefighter"]) {
        HatKind::Helmet
    } else if words.has(&["beanie", "woolly"]) {
        HatKind::Beanie
    } else if words.has(&["cap", "captain", "driver", "policeman"]) {
        HatKind::Cap
    } else if words.has(&["raincoat", "souwester", "fisherman"]) && !person.child {
        HatKind::Souwester
    } else if words.has(&["hat", "cowboy", "pirate", "explorer", "detective", "gardener"]) {
        HatKind::Brimmed
    } else {
        return None;
    };
    let usual = match kind {
        HatKind::Witch => [56, 44, 72],
        HatKind::Crown => [214, 170, 60],
        HatKind::Helmet => [150, 156, 166],
        HatKind::Souwester => words.colour_of(&["raincoat", "coat"]).unwrap_or([240, 196, 38]),
        HatKind::Brimmed | HatKind::Cap | HatKind::Beanie => {
            chance.pick("hat", [[112, 78, 50], [60, 70, 96], [150, 56, 50], [74, 96, 72], [200, 168, 110]])
        }
    };
    let colour = words.colour_of(&things).unwrap_or(usual);
    let band = chance.pick("band", [[178, 60, 52], [222, 176, 70], [92, 130, 110], [120, 84, 150]]);
    Some(Hat { kind, colour, band })
}

pub(super) fn cape(words: &Words, chance: Chance) -> Option<Rgb> {
    let worn = words.has(&["cape", "superhero", "vampire"]);
    let colour = words.colour_of(&["cape"]);
    worn.then(|| {
        colour.unwrap_or_else(|| chance.pick("cape", [[150, 40, 44], [48, 74, 140], [70, 54, 96], [44, 92, 72]]))
    })
}

pub(super) fn bag(words: &Words, chance: Chance) -> Option<Bag> {
    let things = ["bag", "satchel", "pouch"];
    let worn = words.has(&things) || chance.one_in("bag", 2.5);
    let colour = words
        .colour_of(&things)
        .unwrap_or_else(|| chance.pick("bag colour", [[124, 80, 46], [92, 70, 60], [86, 96, 70], [150, 100, 56]]));
    worn.then(|| Bag { colour, side: chance.pick("hip", [Side::Left, Side::Right]) })
}

pub(super) fn scarf(words: &Words, chance: Chance) -> Option<Rgb> {
    let colour = words
        .colour_of(&["scarf"])
        .unwrap_or_else(|| chance.pick("scarf colour", [[178, 58, 50], [220, 180, 80], [70, 110, 130]]));
    (words.has(&["scarf"]) || chance.one_in("scarf", 7.0)).then_some(colour)
}

fn cloth(words: &Words, chance: Chance, part: &str, colour: Rgb) -> Cloth {
    use Pattern::{Checks, Dots, Plain, Stripes};
    let pattern = if words.has(&["striped", "stripe"]) {
        Stripes
    } else if words.has(&["dotted", "dot", "polka"]) {
        Dots
    } else if words.has(&["checked", "plaid", "tartan", "checkered"]) {
        Checks
    } else {
        chance.pick(&format!("{part} pattern"), [Plain, Plain, Plain, Stripes, Checks])
    };
    let light = brightness(colour) > 120.0;
    let accent = if light { mix(scaled(colour, 0.58), [60, 44, 60], 0.25) } else { mix(colour, [238, 226, 200], 0.55) };
    Cloth { colour, accent, pattern }
}
