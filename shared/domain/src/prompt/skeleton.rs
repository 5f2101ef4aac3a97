//! Text by what it looks like, so that a refused word is found in disguise: in letters of another script, in wide or
//! styled ones, with marks or invisible characters in it, or with its letters apart.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::skeleton;

/// The least number of letters that stand apart to be read as one word.
const LETTERS_APART: usize = 3;

/// A text as it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looks {
    /// Letters that look alike told apart by case: `I` is an `i`, and `l` another letter.
    by_letter: Words,
    /// The same where case is no help: `I` looks like an `l`.
    by_shape: Words,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Words {
    /// With one space around each.
    spaced: String,
    /// Runs of letters that stand apart, each put together.
    runs: Vec<String>,
}

impl Looks {
    pub(super) fn of(text: &str) -> Self {
        let plain: String = text.nfkc().nfd().filter(is_seen).collect();
        let by_letter: String = skeleton(&plain.to_lowercase()).collect();
        let by_shape = skeleton(&plain).collect::<String>().to_lowercase();
        Self { by_letter: Words::of(&by_letter), by_shape: Words::of(&by_shape) }
    }

    /// Whether it holds `term`: as whole words, or anywhere in letters that stand apart.
    pub(super) fn hold(&self, term: &Self) -> bool {
        self.by_letter.hold(&term.by_letter) || self.by_shape.hold(&term.by_shape)
    }
}

impl Words {
    fn of(text: &str) -> Self {
        let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        let is_letter = |word: &&str| word.chars().count() == 1;
        let runs = words.chunk_by(|one, other| is_letter(one) && is_letter(other));
        let runs = runs.filter(|run| run.len() >= LETTERS_APART).map(<[_]>::concat).collect();
        Self { spaced: format!(" {} ", words.join(" ")), runs }
    }

    fn hold(&self, term: &Self) -> bool {
        let together = term.spaced.replace(' ', "");
        !together.is_empty()
            && (self.spaced.contains(&term.spaced) || self.runs.iter().any(|run| run.contains(&together)))
    }
}

/// Marks on letters and characters without a shape say nothing about what a word is.
fn is_seen(character: &char) -> bool {
    let shapeless = matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    !shapeless && !is_combining_mark(*character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_disguise() {
        let term = Looks::of("nude");
        for text in [
            "a NUDE figure",
            "a nude-figure",
            "a nu\u{ad}de figure",
            "a n\u{200b}u\u{2060}d\u{feff}e figure",
            "a n\u{e0041}ude figure",
            "a ｎｕｄｅ figure",
            "a 𝓷𝓾𝓭𝓮 figure",
            "a ⓝⓤⓓⓔ figure",
            "a nud\u{435} figure",
            "a n\u{fc}d\u{e9} figure",
            "a n\u{336}u\u{336}d\u{336}e\u{336} figure",
            "a n u d e figure",
            "a n.u.d.e figure",
        ] {
            assert!(Looks::of(text).hold(&term), "{text}");
        }
        assert!(Looks::of("extreme vioIence").hold(&Looks::of("violence")), "with a capital i");
        assert!(Looks::of("extreme g0re").hold(&Looks::of("gore")), "with a zero");
    }

    #[test]
    fn a_word_that_only_begins_so_is_another() {
        let term = Looks::of("nude");
        for text in ["a nudel soup", "denuded hills", "a lighthouse keeper", "n u", "", "un ud e"] {
            assert!(!Looks::of(text).hold(&term), "{text}");
        }
        assert!(!Looks::of("anything").hold(&Looks::of("")));
    }
}
