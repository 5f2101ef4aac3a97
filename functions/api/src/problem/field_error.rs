//! One wrong part of a request.

use serde::Serialize;

/// One wrong part of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// Which part of the request the pointer is of.
    #[serde(rename = "in")]
    pub(crate) place: Place,
    /// JSON pointer: a field of the body, or `/` and the name of a header or parameter.
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

/// A part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Body,
    Header,
    Query,
}

impl FieldError {
    pub(crate) fn body(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { place: Place::Body, pointer: pointer.into(), detail: detail.into() }
    }

    pub(crate) fn header(name: &str, detail: impl Into<String>) -> Self {
        Self { place: Place::Header, pointer: format!("/{name}"), detail: detail.into() }
    }

    pub(crate) fn query(name: &str, detail: impl Into<String>) -> Self {
        Self { place: Place::Query, pointer: format!("/{name}"), detail: detail.into() }
    }
}
