//! The numbers of LoRAs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::InvalidId;

/// A LoRA, counted over the whole deployment. Text: decimal digits; JSON: a whole number from 1 to 2^53-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u64", try_from = "u64")]
pub struct LoraId(u64);

impl LoraId {
    /// The greatest: every whole number up to it is exact where numbers are doubles.
    const MAX: u64 = (1 << 53) - 1;
}

impl TryFrom<u64> for LoraId {
    type Error = InvalidId;
    fn try_from(number: u64) -> Result<Self, InvalidId> {
        let expected = "a LoRA id: a whole number from 1";
        if (1..=Self::MAX).contains(&number) { Ok(Self(number)) } else { Err(InvalidId { expected }) }
    }
}

impl From<LoraId> for u64 {
    fn from(id: LoraId) -> Self {
        id.0
    }
}

impl fmt::Display for LoraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the caller's width: lists pad it with zeros.
        self.0.fmt(f)
    }
}

impl FromStr for LoraId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let expected = "a LoRA id: a whole number from 1";
        let id = Self::try_from(text.parse::<u64>().map_err(|_| InvalidId { expected })?)?;
        if id.to_string() == text { Ok(id) } else { Err(InvalidId { expected }) }
    }
}
