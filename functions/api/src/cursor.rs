//! Opaque cursors: a place in one particular list. A cursor of another list is refused, not misread.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use likeness_core::store::Position;
use serde::{Deserialize, Serialize};

use crate::problem::{ApiError, FieldError};

const DEFAULT_LIMIT: usize = 20;
const MOST: usize = 100;

#[derive(Serialize, Deserialize)]
struct Cursor {
    list: String,
    position: Position,
}

/// The text for `position` of the list that `list` describes.
pub(crate) fn encode(list: &str, position: &Position) -> Result<String, ApiError> {
    let cursor = Cursor { list: list.to_owned(), position: position.clone() };
    let json = serde_json::to_vec(&cursor).map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// The place that `cursor` stands for in the list that `list` describes.
pub(crate) fn decode(list: &str, cursor: Option<&str>) -> Result<Option<Position>, ApiError> {
    let Some(text) = cursor else { return Ok(None) };
    let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice::<Cursor>(&json).ok());
    match read {
        Some(cursor) if cursor.list == list && !cursor.position.is_empty() => Ok(Some(cursor.position)),
        Some(_) => Err(FieldError::query("cursor", "belongs to a list with other filters").into()),
        None => Err(FieldError::query("cursor", "is not a cursor that this service made").into()),
    }
}

/// How many items a page has.
pub(crate) fn limit(limit: Option<&str>) -> Result<usize, ApiError> {
    match limit.map_or(Ok(DEFAULT_LIMIT), str::parse) {
        Ok(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Ok(_) | Err(_) => Err(FieldError::query("limit", format!("must be a whole number from 1 to {MOST}")).into()),
    }
}
