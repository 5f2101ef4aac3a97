//! The users of an app that stands behind one key.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::id::{InvalidId, textual};

/// A user of an app, by whatever name the app has for them: 1-128 visible characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EndUser(String);

impl EndUser {
    const MOST: usize = 128;

    /// The app's name for them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EndUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EndUser {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // Graphic ASCII, as in a header or a key of the table: two spellings of one name would be two users.
        let visible = !text.is_empty() && text.len() <= Self::MOST && text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { expected: "an end user: 1-128 visible ASCII characters without spaces" })
        }
    }
}

textual!(EndUser);
