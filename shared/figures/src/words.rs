//! A prompt as words: what it names, in which colour, and what of it is the subject's identity.

use crate::colour::{self, Rgb};

/// Lower-case words; a comma or full stop ends a clause.
pub(crate) struct Words {
    words: Vec<String>,
    /// For each word, the number of its clause.
    clauses: Vec<usize>,
}

/// Words that speak of the picture and not of the figure in it.
const ABOUT_THE_PICTURE: [&str; 40] = [
    "a",
    "an",
    "the",
    "of",
    "and",
    "with",
    "in",
    "photo",
    "photograph",
    "portrait",
    "picture",
    "image",
    "drawing",
    "illustration",
    "render",
    "character",
    "reference",
    "sheet",
    "view",
    "front",
    "back",
    "side",
    "left",
    "right",
    "angle",
    "degrees",
    "full",
    "body",
    "standing",
    "background",
    "solid",
    "plain",
    "studio",
    "high",
    "quality",
    "detailed",
    "professional",
    "same",
    "shot",
    "pose",
];

impl Words {
    pub(crate) fn of(prompt: &str) -> Self {
        let (mut words, mut clauses) = (Vec::new(), Vec::new());
        for (clause, text) in prompt.to_lowercase().split([',', '.', ';', ':', '\n']).enumerate() {
            for word in text.split(|c: char| !c.is_alphanumeric() && c != '#').filter(|word| !word.is_empty()) {
                words.push(word.to_owned());
                clauses.push(clause);
            }
        }
        Self { words, clauses }
    }

    /// Whether one of the words occurs, alone or as a plural, and is not denied ("no hat", "without a hat").
    pub(crate) fn has(&self, wanted: &[&str]) -> bool {
        self.find(wanted).is_some()
    }

    /// The colour said of one of these things: "yellow raincoat", "red-haired", "hair color #6b3e26".
    pub(crate) fn colour_of(&self, things: &[&str]) -> Option<Rgb> {
        let at = self.find(things)?;
        let same_clause = |&index: &usize| self.clauses[index] == self.clauses[at];
        let before = (at.saturating_sub(3)..at).rev().filter(same_clause).take_while(|&index| !self.joins(index));
        let before = before.filter_map(|index| colour::named(&self.words[index])).next();
        let after = (at + 1..self.words.len().min(at + 4)).filter(same_clause);
        let mut after = after.skip_while(|&index| !matches!(self.words[index].as_str(), "color" | "colour"));
        before.or_else(|| after.find_map(|index| colour::named(&self.words[index])))
    }

    /// Any colour at all, for things that have only one.
    pub(crate) fn first_colour(&self) -> Option<Rgb> {
        self.words.iter().find_map(|word| colour::named(word))
    }

    /// "8-year-old", "a man of 70 years".
    pub(crate) fn age(&self) -> Option<u32> {
        let years = self.words.iter().position(|word| matches!(word.as_str(), "year" | "years"))?;
        self.words.get(years.checked_sub(1)?)?.parse().ok()
    }

    /// The first clause that says something, without words about the picture. Templates append to a description, so
    /// the same description keeps its identity in every view.
    pub(crate) fn identity(&self) -> String {
        let telling = |index: &usize| !ABOUT_THE_PICTURE.contains(&self.words[*index].as_str());
        let first = (0..self.words.len()).find(telling).map(|index| self.clauses[index]);
        let kept = (0..self.words.len()).filter(|&index| Some(self.clauses[index]) == first).filter(telling);
        kept.map(|index| self.words[index].as_str()).collect::<Vec<_>>().join(" ")
    }

    fn find(&self, wanted: &[&str]) -> Option<usize> {
        let names = |word: &str| wanted.iter().any(|w| word == *w || word.strip_suffix('s') == Some(w));
        let denied = |index: usize| {
            (index.saturating_sub(2)..index).any(|at| matches!(self.words[at].as_str(), "no" | "without" | "not"))
        };
        (0..self.words.len()).find(|&index| names(&self.words[index]) && !denied(index))
    }

    /// Ends the reach of a colour: in "green eyes and a hat" the hat is not green.
    fn joins(&self, index: usize) -> bool {
        matches!(self.words[index].as_str(), "and" | "with" | "in" | "wearing" | "or" | "on")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_belong_to_their_thing() {
        let words = Words::of("A red-haired knight with a blue cape, green eyes and a hat");
        assert_eq!(words.colour_of(&["haired"]), colour::named("red"));
        assert_eq!(words.colour_of(&["cape"]), colour::named("blue"));
        assert_eq!(words.colour_of(&["hat"]), None);
        assert_eq!(Words::of("hair color #6b3e26").colour_of(&["hair"]), Some([0x6b, 0x3e, 0x26]));
    }

    #[test]
    fn what_is_denied_is_not_there() {
        assert!(!Words::of("a man without a beard").has(&["beard"]));
        assert!(Words::of("a man with glasses").has(&["glasses"]));
    }

    #[test]
    fn identity_ignores_what_templates_append() {
        let bare = Words::of("a lighthouse keeper in a yellow raincoat").identity();
        let full =
            "a lighthouse keeper in a yellow raincoat, professional style, left side view, solid white background";
        assert_eq!(bare, Words::of(full).identity());
        assert_ne!(bare, Words::of("a baker in a white apron").identity());
    }

    #[test]
    fn ages() {
        assert_eq!(Words::of("an 8-year-old girl").age(), Some(8));
        assert_eq!(Words::of("a girl").age(), None);
    }
}
