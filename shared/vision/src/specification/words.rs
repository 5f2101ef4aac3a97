//! A specification in words: for a prompt, and for what changed since.

use super::parts::apart;
use super::{NamedColor, PartColor, Specification};
use crate::oklab::{self, Lab};
use crate::presence::from_hex;

/// Two measurements of one part that are farther apart than this are another colour, not another light.
const OTHER: f32 = 0.06;
/// A colour of the palette with nothing nearer than this has gone, or has come.
const UNKNOWN: f32 = 0.09;
/// Palette colours below this share come and go with pose and cropping.
const NOTABLE: f64 = 0.08;
/// Of the heads per height.
const TALLER: f64 = 0.08;

/// Of the width by the height; a thing that is turned a little is as much wider.
const WIDER: f64 = 0.15;

/// "twice as wide as high", "0.7 times as wide as high", "as wide as high".
#[must_use]
pub fn wide_as_high(ratio: f64) -> String {
    match ratio {
        r if (0.95..1.05).contains(&r) => "as wide as high".to_owned(),
        r if (1.95..2.05).contains(&r) => "twice as wide as high".to_owned(),
        r if (0.48..0.52).contains(&r) => "half as wide as high".to_owned(),
        r => format!("{r:.1} times as wide as high"),
    }
}

impl Specification {
    /// Short words for a prompt: "dark brown at the top of the head, mustard yellow upper body, ..., 7.2 heads tall,
    /// soft shading"; of a thing "white upper part, navy blue base, twice as wide as high, glossy". The top of the head
    /// may be hair or a hat, so it is called neither.
    #[must_use]
    pub fn prompt_words(&self) -> String {
        let part = |part: &PartColor| match part.part.as_str() {
            "top of the head" => format!("{} at the top of the head", part.name),
            "top" => format!("{} at the top", part.name),
            other => format!("{} {other}", part.name),
        };
        let heads = self.head_to_body_ratio.map(|heads| format!("{heads:.1} heads tall"));
        let width = self.width_to_height.map(wide_as_high);
        self.parts
            .iter()
            .map(part)
            .chain(heads)
            .chain(width)
            .chain(self.texture_words.iter().cloned())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// What a later measurement differs in: "upper body: mustard yellow #d6a024, was navy blue #1f2a52". Empty where
    /// nothing does. What only one of them could measure says more of the measuring than of the figure, so it is left
    /// out.
    #[must_use]
    pub fn differences(&self, later: &Self) -> Vec<String> {
        let mut found = self.other_parts(later);
        found.extend(unmatched(&self.palette, &later.palette, "gone"));
        found.extend(unmatched(&later.palette, &self.palette, "new"));
        if let Some((before, now)) = self.head_to_body_ratio.zip(later.head_to_body_ratio)
            && (now / before).ln().abs() > TALLER
        {
            found.push(format!("{now:.1} heads tall, was {before:.1}"));
        }
        if let Some((before, now)) = self.width_to_height.zip(later.width_to_height)
            && (now / before).ln().abs() > WIDER
        {
            found.push(format!("{}, was {}", wide_as_high(now), wide_as_high(before)));
        }
        for (name, before, now, most) in self.landmarks.against(later.landmarks) {
            if (before - now).abs() > most {
                found.push(format!("{name} at {:.0} % of the height, was {:.0} %", 100.0 * now, 100.0 * before));
            }
        }
        let without = |these: &[String], those: &[String]| {
            these.iter().filter(|word| !those.contains(word)).cloned().collect::<Vec<_>>().join(", ")
        };
        match (without(&later.texture_words, &self.texture_words), without(&self.texture_words, &later.texture_words)) {
            (now, before) if now.is_empty() && before.is_empty() => {}
            (now, before) if now.is_empty() => found.push(format!("no longer {before}")),
            (now, before) if before.is_empty() => found.push(format!("now {now}")),
            (now, before) => found.push(format!("{now}, was {before}")),
        }
        found
    }

    fn other_parts(&self, later: &Self) -> Vec<String> {
        let pairs = self.parts.iter().filter_map(|before| {
            let now = later.parts.iter().find(|now| now.part == before.part)?;
            let (a, b) = (lab(&before.hex)?, lab(&now.hex)?);
            (apart(a, b) > OTHER)
                .then(|| format!("{}: {} {}, was {} {}", now.part, now.name, now.hex, before.name, before.hex))
        });
        pairs.collect()
    }
}

fn unmatched(colours: &[NamedColor], others: &[NamedColor], word: &str) -> Vec<String> {
    let near = |colour: &NamedColor| {
        others.iter().any(|other| lab(&colour.hex).zip(lab(&other.hex)).is_none_or(|(a, b)| apart(a, b) < UNKNOWN))
    };
    let unknown = colours.iter().filter(|colour| colour.share >= NOTABLE && !near(colour));
    unknown.map(|c| format!("palette: {} {} is {word} ({:.0} %)", c.name, c.hex, 100.0 * c.share)).collect()
}

fn lab(hex: &str) -> Option<Lab> {
    from_hex(hex).map(oklab::from_rgb)
}
