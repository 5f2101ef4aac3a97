//! Rules for texts that several routes take. Errors are collected, so that a client hears of all at once.

use jiff::Timestamp;
use likeness_core::{
    kind::Tuning, model::Model, money::Usd, pointer::ImagePointer, prompt::Wording, public_url::public_host,
};

use crate::problem::{ApiError, FieldError};

/// The greatest seed of a request: the last variation's must still fit into 63 bits.
const MAX_SEED: u64 = i64::MAX as u64 - 16;

/// The greatest budget in dollars.
const MAX_BUDGET: f64 = 1000.0;

/// Nobody is older.
pub(crate) const OLDEST: u8 = 130;

/// The errors of a request so far.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<FieldError>);

impl Errors {
    pub(crate) fn add(&mut self, pointer: &str, detail: impl Into<String>) {
        self.0.push(FieldError::body(pointer, detail));
    }

    /// The result of something that may be wrong; `None` notes the error.
    pub(crate) fn check<T, E: std::fmt::Display>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(pointer, error.to_string())).ok()
    }

    /// A text of `least` to `most` characters without hidden ones.
    pub(crate) fn text(&mut self, pointer: &str, text: &str, least: usize, most: usize) {
        let length = text.chars().count();
        if !(least..=most).contains(&length) {
            self.add(pointer, format!("has {length} characters, {least} to {most} are allowed"));
        } else if text.trim().is_empty() && least > 0 {
            self.add(pointer, "is blank");
        }
        if let Some(hidden) = text.chars().find(|character| is_hidden(*character)) {
            self.add(pointer, format!("holds the hidden character U+{:04X}", u32::from(hidden)));
        }
    }

    /// The same for a text that may be absent.
    pub(crate) fn optional_text(&mut self, pointer: &str, text: Option<&str>, most: usize) {
        if let Some(text) = text {
            self.text(pointer, text, 1, most);
        }
    }

    /// A prompt: 10 to 1,000 characters without refused terms.
    pub(crate) fn prompt(&mut self, pointer: &str, text: &str, wording: &Wording) {
        self.text(pointer, text, 10, 1000);
        self.refuse_terms(pointer, text, wording);
    }

    /// Part of a prompt, which may be absent.
    pub(crate) fn words(&mut self, pointer: &str, text: Option<&str>, most: usize, wording: &Wording) {
        if let Some(text) = text {
            self.text(pointer, text, 1, most);
            self.refuse_terms(pointer, text, wording);
        }
    }

    fn refuse_terms(&mut self, pointer: &str, text: &str, wording: &Wording) {
        if let Some(term) = wording.refused_term(text) {
            self.add(pointer, format!("holds the word \"{term}\", which no prompt may hold"));
        }
    }

    /// The name of an image: one of ours, a job, a step, or an https address of a public host.
    pub(crate) fn image(&mut self, pointer: &str, text: &str) -> Option<ImagePointer> {
        let image = self.check(pointer, text.parse::<ImagePointer>().map_err(|error| format!("is {error}")))?;
        if let ImagePointer::Url(url) = &image {
            self.check(pointer, public_host(url));
        }
        Some(image)
    }

    /// A number that can be stored: 0, or large enough to be meant.
    pub(crate) fn plain(&mut self, pointer: &str, number: f64) {
        if number != 0.0 && number.abs() < 0.001 {
            self.add(pointer, "is nearer to 0 than 0.001");
        }
    }

    /// What may be spent on making again what does not match, in dollars.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, and at most a thousand million"
    )]
    pub(crate) fn reroll_budget(&mut self, dollars: f64) -> Option<Usd> {
        let micros = (dollars * 1e6).round();
        if !(0.0..=MAX_BUDGET).contains(&dollars) {
            self.add("/rerollBudget", format!("is not between 0 and {MAX_BUDGET} dollars"));
        } else if (dollars * 1e6 - micros).abs() > 1e-3 {
            self.add("/rerollBudget", "has more than 6 decimals");
        } else {
            return Some(Usd::from_micros(micros as u64));
        }
        None
    }

    /// How many pictures to choose from.
    pub(crate) fn variations(&mut self, variations: Option<u16>, most: u16) -> u16 {
        let variations = variations.unwrap_or(1);
        if !(1..=most).contains(&variations) {
            self.add("/variations", format!("is not between 1 and {most}"));
        }
        variations
    }

    /// What every kind lets a caller say about the generation; what a model takes is looked at when the job is planned.
    pub(crate) fn tuning(&mut self, tuning: &Tuning) {
        self.optional_text("/negativePrompt", tuning.negative_prompt.as_deref(), 1000);
        if tuning.seed.is_some_and(|seed| seed > MAX_SEED) {
            self.add("/seed", format!("is greater than {MAX_SEED}"));
        }
        if let Some(guidance) = tuning.guidance {
            self.plain("/guidance", guidance);
        }
        if let Some(model) = &tuning.model
            && Model::by_id(model).is_none()
        {
            let known: Vec<&str> = Model::all().iter().map(|model| model.id.as_str()).collect();
            self.add("/model", format!("is none of {}", known.join(", ")));
        }
    }

    /// A time that has not come.
    pub(crate) fn future(&mut self, pointer: &str, time: Option<Timestamp>, now: Timestamp) {
        if time.is_some_and(|time| time <= now) {
            self.add(pointer, "lies in the past");
        }
    }

    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.0)) }
    }
}

/// Control characters (line breaks and tabs are none here) and those that turn the direction of text or have no width:
/// they hide from a reader what a model or a log will see.
fn is_hidden(character: char) -> bool {
    let direction =
        matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let no_width = matches!(character, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    (character.is_control() && !matches!(character, '\n' | '\r' | '\t')) || direction || no_width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_and_hidden_ones_are_named() {
        let mut errors = Errors::default();
        errors.text("/ok", "ä".repeat(10).as_str(), 10, 10);
        assert!(errors.0.is_empty());
        errors.text("/nul", "a keeper\0 of a light", 10, 1000);
        errors.text("/bidi", "a keeper \u{202e}of a light", 10, 1000);
        errors.text("/blank", "            ", 10, 1000);
        let details: Vec<_> = errors.0.iter().map(|error| error.detail.as_str()).collect();
        assert_eq!(details, ["holds the hidden character U+0000", "holds the hidden character U+202E", "is blank"]);
    }

    #[test]
    fn a_budget_is_kept_to_the_millionth() {
        let budget = |dollars| Errors::default().reroll_budget(dollars).map(Usd::micros);
        assert_eq!([0.0, 0.5, 0.000_001, 999.999_999].map(budget), [0, 500_000, 1, 999_999_999].map(Some));
        assert_eq!([-0.01, 1_000.000_001, 0.000_000_1, 1.234_567_8, f64::NAN].map(budget), [None; 5]);
    }
}
