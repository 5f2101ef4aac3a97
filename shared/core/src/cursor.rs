//! Cursors: a place in one particular list, as a text that a caller hands back. It is not signed: a forged one
//! chooses where in a list of their own the page begins, as the partition never comes from a cursor.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::store::Position;

/// The longest text that is read; those of our own making are far below it.
const LONGEST: usize = 4096;

/// A text that is no place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// A place, and of another list or of none.
    #[error("belongs to a list with other filters")]
    OtherList,
    /// Anything else.
    #[error("is not a cursor that this service made")]
    NotOurs,
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    list: String,
    position: Position,
}

/// The text for `position` of the list that `list` describes.
#[must_use]
pub fn encode(list: &str, position: &Position) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "list": list, "position": position }).to_string())
}

/// The place that `cursor` stands for in the list that `list` describes.
///
/// # Errors
/// It stands for none.
pub fn decode(list: &str, cursor: &str) -> Result<Position, CursorError> {
    let bytes = (cursor.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(cursor).ok()).flatten();
    let read = bytes.and_then(|json| serde_json::from_slice::<Cursor>(&json).ok()).ok_or(CursorError::NotOurs)?;
    if read.list == list && read.position.is_possible() { Ok(read.position) } else { Err(CursorError::OtherList) }
}

#[cfg(test)]
mod tests;
