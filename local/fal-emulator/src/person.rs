//! A person whom a LoRA knows: the same in every picture, and as near as the prompt asks for.

use likeness_figures::Look;
use sha2::{Digest, Sha256};

/// How much of a figure is in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Whole,
    UpperBody,
    CloseUp,
}

impl Framing {
    /// What the words of `prompt` ask for.
    pub(super) fn asked(prompt: &str) -> Self {
        const CLOSE: [&str; 6] = ["close-up", "close up", "closeup", "headshot", "head shot", "face of"];
        const UPPER: [&str; 6] = ["upper body", "upper-body", "half body", "half-body", "waist up", "bust shot"];
        let prompt = prompt.to_lowercase();
        let asks = |words: [&str; 6]| words.iter().any(|word| prompt.contains(word));
        match (asks(CLOSE), asks(UPPER)) {
            (true, _) => Self::CloseUp,
            (false, true) => Self::UpperBody,
            (false, false) => Self::Whole,
        }
    }
}

/// Words of which a prompt holds one if it says what the person wears.
const CLOTHES: [&str; 18] = [
    "wearing", "dressed", "coat", "jacket", "dress", "shirt", "sweater", "hoodie", "suit", "uniform", "armour",
    "armor", "robe", "skirt", "trousers", "jeans", "hat", "scarf",
];

/// Face, hair, skin and build are the LoRA's. Clothes are too, unless the prompt names others.
pub(super) fn look_of_person(lora: &str, prompt: &str) -> Look {
    let seed = Sha256::digest(lora).iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
    let words: Vec<String> =
        prompt.to_lowercase().split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned).collect();
    let says = |names: &[&str]| names.iter().any(|name| words.iter().any(|word| word == name));
    let kind = if says(&["woman", "girl", "female", "lady"]) {
        "a woman"
    } else if says(&["man", "boy", "male", "gentleman"]) {
        "a man"
    } else {
        "a person"
    };
    let person = Look::from_prompt(kind, seed);
    if says(&CLOTHES) {
        let dressed = Look::from_prompt(prompt, seed);
        Look { build: person.build, skin: person.skin, face: person.face, hair: person.hair, ..dressed }
    } else {
        person
    }
}

/// How far a portrait's person looks to a side, in degrees from -25 to 25: two seeds are two pictures of one person.
pub(super) fn sitters_turn(seed: u64) -> f64 {
    let spread = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58;
    f64::from(spread as u8) / 63.0 * 50.0 - 25.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_images_of_one_request_look_to_different_sides() {
        let turns: Vec<f64> = (5..9).map(sitters_turn).collect();
        assert!(turns.windows(2).all(|pair| (pair[0] - pair[1]).abs() > 5.0), "{turns:?}");
        assert!(turns.iter().all(|turn| turn.abs() <= 25.0), "{turns:?}");
    }

    #[test]
    fn a_lora_is_one_person_whatever_happens_in_the_picture() {
        let [pier, house, coat] = [
            "74828, a woman, is looking at the camera on a pier",
            "close-up of 74828, a woman, laughing before a house",
            "74828, a woman, wearing a red coat in the rain",
        ]
        .map(|prompt| look_of_person("http://bucket/loras/1.safetensors", prompt));
        assert_eq!(pier, house);
        assert_eq!((&coat.build, coat.skin, &coat.face, &coat.hair), (&pier.build, pier.skin, &pier.face, &pier.hair));
        assert_ne!(coat, pier, "clothes that the prompt names");
        let other = look_of_person("http://bucket/loras/2.safetensors", "74828, a woman, on a pier");
        assert_ne!(other, pier, "another LoRA");
    }

    #[test]
    fn words_say_how_near_the_camera_is() {
        assert_eq!(Framing::asked("Close-up of 74828"), Framing::CloseUp);
        assert_eq!(Framing::asked("74828, portrait composition, upper body focus"), Framing::UpperBody);
        assert_eq!(Framing::asked("74828 stands on a pier"), Framing::Whole);
    }
}
