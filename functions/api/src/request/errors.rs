//! The errors of a request, collected, so that a client hears of all at once.

use crate::problem::{ApiError, FieldError, Place};

/// Most errors of one answer: these tell enough about a list of thousands.
const MOST: usize = 50;

/// The errors of a request so far.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    found: Vec<FieldError>,
    /// Fields that could not be read. A stand-in takes their place, and what is wrong with that is no news.
    unread: Vec<String>,
}

impl Errors {
    /// Notes what is wrong with a field of the body.
    pub(crate) fn add(&mut self, pointer: &str, detail: impl Into<String>) {
        self.push(FieldError::body(pointer, detail));
    }

    /// Notes a field of the body that could not be read.
    pub(crate) fn add_unread(&mut self, pointer: String, detail: impl Into<String>) {
        self.add(&pointer, detail);
        self.unread.push(pointer);
    }

    /// Notes what is wrong with any part of the request.
    pub(crate) fn push(&mut self, error: FieldError) {
        let of_a_stand_in =
            error.place == Place::Body && self.unread.iter().any(|place| overlap(place, &error.pointer));
        if !of_a_stand_in && self.found.len() < MOST && !self.found.contains(&error) {
            self.found.push(error);
        }
    }

    /// Takes over what was found in a part of the body that stands at `place`.
    pub(crate) fn take_over(&mut self, place: &str, part: Self) {
        self.add_all(part.pointing(|pointer| format!("{place}{pointer}")));
    }

    /// Takes over what was found elsewhere in the same body.
    pub(crate) fn add_all(&mut self, others: Self) {
        others.found.into_iter().for_each(|error| self.push(error));
        self.unread.extend(others.unread);
    }

    /// The same of a body whose fields stand elsewhere: `at` tells where.
    pub(crate) fn pointing(self, at: impl Fn(&str) -> String) -> Self {
        let moved = |error: FieldError| match error.place {
            Place::Body => FieldError { pointer: at(&error.pointer), ..error },
            Place::Header | Place::Query => error,
        };
        Self {
            found: self.found.into_iter().map(moved).collect(),
            unread: self.unread.iter().map(|pointer| at(pointer)).collect(),
        }
    }

    /// The value of a part of the request that was read apart; `None` notes what is wrong with it.
    ///
    /// # Errors
    /// What stopped it is no fault of the request's fields.
    pub(crate) fn part<T>(&mut self, part: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
        match part {
            Ok(value) => Ok(Some(value)),
            Err(ApiError::Invalid(errors)) => {
                errors.into_iter().for_each(|error| self.push(error));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The answer to a request with these errors.
    pub(crate) fn refusal(self) -> ApiError {
        ApiError::Invalid(self.found)
    }

    /// What was found, where anything was.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.found.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.found)) }
    }

    /// What was found so far.
    pub(crate) fn into_found(self) -> Vec<FieldError> {
        self.found
    }
}

/// Whether one of the two is, or holds, the other.
fn overlap(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(one, other) || within(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_stand_in_is_no_news() {
        let mut errors = Errors::default();
        errors.add_unread("/references/0".to_owned(), "must be a text");
        errors.add("/references/0", "has 0 characters");
        errors.add("/references", "is empty");
        errors.add("/references/01", "is another place");
        let mut all = Errors::default();
        all.take_over("/steps/0/input", errors);
        all.add("/steps/0/input/references/0/x", "is no news either");
        all.add("/seed", "is too great");
        let places: Vec<_> = all.into_found().into_iter().map(|error| error.pointer).collect();
        assert_eq!(places, ["/steps/0/input/references/0", "/steps/0/input/references/01", "/seed"]);
    }

    #[test]
    fn an_answer_has_an_end() {
        let mut errors = Errors::default();
        (0..1000).for_each(|index| errors.add(&format!("/{index}"), "is wrong"));
        assert_eq!(errors.into_found().len(), MOST);
    }
}
