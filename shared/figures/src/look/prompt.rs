//! A look from a prompt: the words that are named win, chance fills in the rest.

use super::wardrobe::{bag, bottom, cape, coat, hat, scarf, top};
use super::{Build, Face, Hair, HairStyle, Look, Rgb, Side};
use crate::chance::Chance;
use crate::colour::named;
use crate::words::Words;

impl Look {
    /// Reads what `prompt` names ("yellow raincoat", "red-haired", "8-year-old girl", "cape"), wherever it stands.
    /// Everything else follows from `seed` and from the prompt's first telling clause, so that what a template appends
    /// for a view or a style changes nothing.
    pub fn from_prompt(prompt: &str, seed: u64) -> Self {
        let words = Words::of(prompt);
        let chance = Chance::of(&words.identity(), seed);
        let person = Person::of(&words, chance);
        let skin = skin(&words, chance);
        let hair = hair(&words, chance, &person);
        let (top, top_cloth) = top(&words, chance);
        let (bottom, bottom_cloth) = bottom(&words, chance, &person, top_cloth);
        let boots = words.has(&["boot", "knight", "soldier", "pirate", "witch", "raincoat", "explorer"]);
        Self {
            build: build(&words, chance, &person),
            skin,
            face: face(&words, chance, &person, hair.colour),
            top,
            top_cloth,
            bottom,
            bottom_cloth,
            shoes: words.colour_of(&["shoe", "boot", "sneaker"]).unwrap_or_else(|| {
                chance.pick("shoes", [[74, 50, 36], [44, 42, 48], [104, 66, 42], [120, 40, 38], [58, 66, 88]])
            }),
            boots,
            coat: coat(&words, chance),
            hat: hat(&words, chance, &person),
            cape: cape(&words, chance),
            bag: bag(&words, chance),
            scarf: scarf(&words, chance),
            hair,
        }
    }
}

/// What the words say of age and sex, or chance.
pub(super) struct Person {
    pub(super) child: bool,
    pub(super) old: bool,
    pub(super) female: bool,
}

impl Person {
    fn of(words: &Words, chance: Chance) -> Self {
        let age = words.age();
        let child = words.has(&["child", "girl", "boy", "kid", "toddler"]) && age.is_none_or(|age| age < 16);
        let female_words = [
            "girl",
            "woman",
            "women",
            "lady",
            "queen",
            "princess",
            "witch",
            "she",
            "her",
            "grandmother",
            "mother",
            "actress",
            "female",
        ];
        let male_words = [
            "boy",
            "man",
            "men",
            "king",
            "prince",
            "wizard",
            "he",
            "his",
            "grandfather",
            "father",
            "actor",
            "male",
            "bearded",
            "beard",
        ];
        let female = words.has(&female_words) || (!words.has(&male_words) && chance.one_in("sex", 2.0));
        let old = words.has(&["old", "elderly", "aged", "grandmother", "grandfather", "wizard"]);
        // "8-year-old" holds the word "old".
        Self { child: child || age.is_some_and(|age| age < 13), old: age.map_or(old, |age| age >= 60), female }
    }
}

fn build(words: &Words, chance: Chance, person: &Person) -> Build {
    let heads = if person.child { chance.between("heads", 3.7, 4.1) } else { chance.between("heads", 4.7, 5.3) };
    let stout = words.has(&["fat", "stout", "plump", "chubby", "heavy"]);
    let strong = words.has(&["strong", "muscular", "knight", "warrior", "burly"]);
    let slim = words.has(&["slim", "thin", "lean", "skinny", "slender"]);
    let girth = match (stout, slim) {
        (true, _) => 1.22,
        (_, true) => 0.88,
        (false, false) => chance.between("girth", 0.95, 1.08),
    };
    let shoulders =
        if person.female { 0.93 } else { 1.04 } + if strong { 0.1 } else { chance.between("shoulders", -0.03, 0.04) };
    let legs = if person.child { chance.between("legs", 0.39, 0.41) } else { chance.between("legs", 0.43, 0.46) };
    Build { heads, legs, shoulders, girth }
}

fn skin(words: &Words, chance: Chance) -> Rgb {
    let tones = [[244, 208, 180], [236, 192, 158], [218, 168, 130], [186, 132, 96], [140, 94, 66], [98, 64, 46]];
    words.colour_of(&["skin", "skinned"]).unwrap_or(if words.has(&["pale", "fair"]) {
        tones[0]
    } else if words.has(&["african"]) {
        tones[5]
    } else {
        chance.pick("skin", tones)
    })
}

fn hair(words: &Words, chance: Chance, person: &Person) -> Hair {
    let natural = [[38, 30, 28], [62, 42, 32], [92, 60, 38], [130, 84, 46], [196, 156, 92], [160, 74, 36]];
    let named_colour = words.colour_of(&["hair", "haired", "bob", "ponytail", "braid", "curl", "bun"]);
    let word = if words.has(&["blond", "blonde"]) {
        named("blonde")
    } else if words.has(&["redhead"]) {
        Some([176, 70, 34])
    } else if words.has(&["brunette"]) {
        named("chestnut")
    } else {
        None
    };
    // No hair is as red as paint.
    let muted = named_colour.map(|colour| if Some(colour) == named("red") { [172, 66, 32] } else { colour });
    let colour =
        muted.or(word).unwrap_or_else(|| if person.old { [206, 204, 200] } else { chance.pick("hair", natural) });
    let style = if words.has(&["bald"]) {
        HairStyle::Bald
    } else if words.has(&["ponytail"]) {
        HairStyle::Ponytail
    } else if words.has(&["braid", "braided", "pigtail", "plait"]) {
        HairStyle::Braids
    } else if words.has(&["bun"]) {
        HairStyle::Bun
    } else if words.has(&["curly", "curl", "afro"]) {
        HairStyle::Curly
    } else if words.has(&["spiky", "punk"]) {
        HairStyle::Spiky
    } else if words.has(&["bob"]) {
        HairStyle::Bob
    } else if words.has(&["long"]) && words.has(&["hair", "haired"]) {
        HairStyle::Long
    } else if words.has(&["short"]) && words.has(&["hair", "haired"]) {
        HairStyle::Short
    } else if person.female {
        use HairStyle::{Bob, Braids, Bun, Curly, Long, Ponytail};
        chance.pick("cut", [Bob, Long, Ponytail, Bun, Braids, Curly, Long])
    } else {
        chance.pick("cut", [HairStyle::Short, HairStyle::Short, HairStyle::Curly, HairStyle::Spiky])
    };
    Hair { style, colour, parting: chance.pick("parting", [Side::Left, Side::Right]) }
}

fn face(words: &Words, chance: Chance, person: &Person, hair: Rgb) -> Face {
    let irises = [[92, 60, 36], [62, 104, 150], [74, 116, 72], [110, 84, 48], [70, 74, 84]];
    let bearded = words.has(&["beard", "bearded"])
        || (!person.child && !person.female && words.has(&["wizard", "keeper", "sailor", "pirate", "fisherman"]));
    let chin = words.colour_of(&["beard", "bearded"]).unwrap_or(hair);
    Face {
        eyes: words.colour_of(&["eye", "eyed"]).unwrap_or_else(|| chance.pick("eyes", irises)),
        eye_size: if person.child { 1.18 } else { chance.between("eye size", 0.92, 1.08) },
        eye_distance: chance.between("eye distance", 0.94, 1.08),
        brows: chance.between("brows", -0.6, 0.2),
        smile: if words.has(&["sad", "crying"]) {
            -0.8
        } else if words.has(&["happy", "smiling", "cheerful", "laughing"]) {
            0.9
        } else if words.has(&["stern", "angry", "grim"]) {
            -0.3
        } else {
            chance.between("smile", 0.3, 0.8)
        },
        nose: chance.between("nose", 0.85, 1.2),
        freckles: words.has(&["freckle", "freckled"]) || chance.one_in("freckles", 6.0),
        beard: bearded.then_some(chin),
        glasses: (words.has(&["glasses", "spectacles", "scientist", "librarian"])
            || (person.old && chance.one_in("glasses", 3.0)))
        .then(|| words.colour_of(&["glasses", "spectacles"]).unwrap_or([52, 46, 44])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::{HatKind, Top};

    #[test]
    fn what_is_named_wins_over_every_seed() {
        for seed in 0..20 {
            let keeper = Look::from_prompt("a lighthouse keeper in a yellow raincoat", seed);
            assert_eq!(keeper.coat.map(|coat| coat.colour), named("yellow"));
            let witch = Look::from_prompt("an 8-year-old girl dressed as a witch", seed);
            assert_eq!(witch.hat.map(|hat| hat.kind), Some(HatKind::Witch));
            assert!(witch.build.heads < 4.5);
            assert_ne!(witch.hair.colour, [206, 204, 200], "eight years old, not old");
            let knight = Look::from_prompt("a red-haired knight with a blue cape", seed);
            assert_eq!((knight.top, knight.cape), (Top::Armour, named("blue")));
            assert_eq!(knight.hair.colour, [172, 66, 32]);
            let plain = Look::from_prompt("a bearded man with glasses, green eyes and no hat", seed);
            assert!(plain.face.beard.is_some() && plain.face.glasses.is_some() && plain.hat.is_none());
            assert_eq!(Some(plain.face.eyes), named("green"));
        }
    }

    #[test]
    fn templates_do_not_change_who_it_is() {
        let bare = Look::from_prompt("a friendly neighbour", 9);
        for words in
            ["left side view", "seen from behind, 8k resolution", "solid light gray background, highly detailed"]
        {
            assert_eq!(Look::from_prompt(&format!("a friendly neighbour, {words}"), 9), bare);
        }
    }

    #[test]
    fn another_seed_is_another_person() {
        let looks: Vec<Look> = (0..30).map(|seed| Look::from_prompt("a friendly neighbour", seed)).collect();
        for (number, look) in looks.iter().enumerate() {
            assert_eq!(*look, Look::from_prompt("a friendly neighbour", number as u64));
            for other in &looks[number + 1..] {
                let visible = [
                    look.hair.style != other.hair.style,
                    look.hair.colour != other.hair.colour,
                    look.skin != other.skin,
                    look.top_cloth.colour != other.top_cloth.colour,
                    look.bottom_cloth.colour != other.bottom_cloth.colour,
                    look.shoes != other.shoes,
                ];
                assert!(visible.iter().filter(|differs| **differs).count() >= 2);
            }
        }
    }
}
