//! `cursor` and `limit` of a list. A cursor of another list is refused, not misread.

use likeness_core::{cursor, store::Position};
use serde::Deserialize;

use crate::problem::{ApiError, FieldError};

const DEFAULT_LIMIT: usize = 20;
const MOST: usize = 100;

/// The text for `position` of the list that `list` describes.
pub(crate) fn encode(list: &str, position: &Position) -> String {
    cursor::encode(list, position)
}

/// The place that `cursor` stands for in the list that `list` describes.
pub(crate) fn decode(list: &str, cursor: Option<&str>) -> Result<Option<Position>, ApiError> {
    let read = cursor.map(|text| cursor::decode(list, text)).transpose();
    read.map_err(|error| FieldError::query("cursor", error.to_string()).into())
}

/// How many items a page has.
pub(crate) fn limit(limit: Option<&str>) -> Result<usize, ApiError> {
    match limit.map_or(Ok(DEFAULT_LIMIT), str::parse) {
        Ok(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Ok(_) | Err(_) => Err(FieldError::query("limit", format!("must be a whole number from 1 to {MOST}")).into()),
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct PageQuery {
    pub(crate) limit: Option<String>,
    pub(crate) cursor: Option<String>,
}
