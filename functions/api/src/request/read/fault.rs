//! Why a value could not be read.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

/// A fault of a document. Serde's own words for it are replaced by those of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// It is on record, with its place.
    #[error("noted")]
    Noted,
    /// An object lacks this member.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An object has a member that nothing reads.
    #[error("{name} is not known")]
    Unknown {
        name: String,
        /// Those that are read.
        known: &'static [&'static str],
    },
    /// A type refused the value.
    #[error("{0}")]
    Said(String),
}

impl Error for Fault {
    fn custom<T: fmt::Display>(detail: T) -> Self {
        Self::Said(detail.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Said(format!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Said(format!("must be {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Said(format!("must be one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Unknown { name: field.to_owned(), known: expected }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}
