//! Rules for fields that several routes take.

use std::{fmt::Display, str::FromStr};

use jiff::Timestamp;
use likeness_domain::{
    id::InvalidId, image_ref::ImageRef, kind::Tuning, limit::EndUser, model::Model, money::Usd, prompt::Wording,
    public_url::public_host,
};

use crate::request::{errors::Errors, hidden::hidden};

/// The greatest seed of a request: the last variation's must still fit into 63 bits.
const MAX_SEED: u64 = i64::MAX as u64 - 16;

/// The greatest budget in dollars.
const MAX_BUDGET: f64 = 1000.0;

/// The greatest age of a person.
const OLDEST: u8 = 130;

impl Errors {
    /// The result of something that may be wrong; `None` notes the error.
    pub(crate) fn check<T, E: Display>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(pointer, error.to_string())).ok()
    }

    /// An id or a name.
    pub(crate) fn id<T: FromStr<Err = InvalidId>>(&mut self, pointer: &str, text: &str) -> Option<T> {
        self.check(pointer, text.parse().map_err(|error| format!("is {error}")))
    }

    /// The user of an app, where the request names one.
    pub(crate) fn end_user(&mut self, text: Option<&str>) -> Option<EndUser> {
        text.and_then(|text| self.id("/endUser", text))
    }

    /// A text of `least` to `most` characters without hidden ones.
    pub(crate) fn text(&mut self, pointer: &str, text: &str, least: usize, most: usize) {
        let length = text.chars().count();
        if !(least..=most).contains(&length) {
            self.add(pointer, format!("must have {least} to {most} characters, and has {length}"));
        } else if text.trim().is_empty() && least > 0 {
            self.add(pointer, "must not be blank");
        }
        if let Some(hidden) = hidden(text) {
            self.add(pointer, format!("contains the invisible character U+{:04X}; remove it", u32::from(hidden)));
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
            self.add(pointer, format!("contains \"{term}\", which is not allowed in a prompt"));
        }
    }

    /// The name of an image: one of ours, a job, a step, or an https address of a public host.
    pub(crate) fn image(&mut self, pointer: &str, text: &str) -> Option<ImageRef> {
        let image = self.check(pointer, text.parse::<ImageRef>().map_err(|error| format!("is {error}")))?;
        if let ImageRef::Url(url) = &image {
            self.check(pointer, public_host(url));
        }
        Some(image)
    }

    /// A number that can be stored: 0, or large enough to be meant.
    pub(crate) fn plain(&mut self, pointer: &str, number: f64) {
        if number != 0.0 && number.abs() < 0.001 {
            self.add(pointer, "must be 0, or at least 0.001 from it");
        }
    }

    /// What may be spent on making again what does not match, in dollars.
    pub(crate) fn reroll_budget(&mut self, dollars: f64) -> Option<Usd> {
        self.dollars("/rerollBudget", dollars, MAX_BUDGET)
    }

    /// How many pictures to choose from.
    pub(crate) fn variations(&mut self, variations: Option<u16>, most: u16) -> u16 {
        let variations = variations.unwrap_or(1);
        if !(1..=most).contains(&variations) {
            self.add("/variations", format!("must be 1 to {most}, and is {variations}"));
        }
        variations
    }

    /// What every kind lets a caller say about the generation; what a model takes is looked at when the job is planned.
    pub(crate) fn tuning(&mut self, tuning: &Tuning) {
        self.optional_text("/negativePrompt", tuning.negative_prompt.as_deref(), 1000);
        if tuning.seed.is_some_and(|seed| seed > MAX_SEED) {
            self.add("/seed", format!("must be at most {MAX_SEED}"));
        }
        if let Some(guidance) = tuning.guidance {
            self.plain("/guidance", guidance);
        }
        if let Some(model) = &tuning.model
            && Model::by_id(model).is_none()
        {
            let known: Vec<&str> = Model::all().iter().map(|model| model.id.as_str()).collect();
            self.add("/model", format!("is not a known model; known are {}", known.join(", ")));
        }
    }

    /// The age of a person in years.
    pub(crate) fn age(&mut self, pointer: &str, age: Option<u8>) {
        if age.is_some_and(|age| age > OLDEST) {
            self.add(pointer, format!("must be 0 to {OLDEST}"));
        }
    }

    /// A time that has not come.
    pub(crate) fn future(&mut self, pointer: &str, text: &str, now: Timestamp) -> Option<Timestamp> {
        match text.parse::<Timestamp>() {
            Ok(time) if time > now => return Some(time),
            Ok(_) => self.add(pointer, "must be in the future"),
            Err(_) => self.add(
                pointer,
                "must be a time with its offset, such as 2027-01-31T12:00:00Z, and before the last day of the year 9999; \
                 leave it out for no end",
            ),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_and_hidden_ones_are_named() {
        let mut errors = Errors::default();
        errors.text("/ok", "ä".repeat(10).as_str(), 10, 10);
        assert!(errors.is_empty());
        errors.text("/nul", "a keeper\0 of a light", 10, 1000);
        errors.text("/blank", "            ", 10, 1000);
        errors.text("/short", "a", 10, 1000);
        let details: Vec<_> = errors.into_found().into_iter().map(|error| error.detail).collect();
        assert_eq!(
            details,
            [
                "contains the invisible character U+0000; remove it",
                "must not be blank",
                "must have 10 to 1000 characters, and has 1"
            ]
        );
    }

    #[test]
    fn an_end_is_a_time_to_come() {
        let now = "2026-11-29T12:00:00Z".parse().unwrap();
        let of = |text: &str| Errors::default().future("/expiresAt", text, now);
        assert_eq!(of("2027-01-31T12:00:00+01:00"), Some("2027-01-31T11:00:00Z".parse().unwrap()));
        assert_eq!(["2026-11-29T12:00:00Z", "9999-12-31T23:59:59Z", "2027-01-31", "never", ""].map(of), [None; 5]);
    }

    #[test]
    fn a_budget_is_kept_to_the_millionth() {
        let budget = |dollars| Errors::default().reroll_budget(dollars).map(Usd::micros);
        assert_eq!([0.0, 0.5, 0.000_001, 999.999_999].map(budget), [0, 500_000, 1, 999_999_999].map(Some));
        assert_eq!([-0.01, 1_000.000_001, 0.000_000_1, 1.234_567_8, f64::NAN].map(budget), [None; 5]);
    }
}
