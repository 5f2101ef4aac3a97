//! A message on its way in: body and attributes, what they may be, and their digests.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use super::error::SqsError;
use crate::md5;

/// What a message, or a whole batch, may weigh: body, attribute names, types and values.
pub(super) const MAX_BYTES: usize = 1_048_576;
const MAX_ATTRIBUTES: usize = 10;

/// Message attributes by name; sorted, as their digest wants them.
pub(super) type MessageAttributes = BTreeMap<String, MessageAttribute>;

/// A typed value that travels beside the body.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MessageAttribute {
    /// `String`, `Number` or `Binary`, perhaps with a label behind a dot.
    data_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<String>,
    /// Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
}

impl MessageAttribute {
    /// How the value is marked in the digest, and its bytes; `None` if it does not fit its type.
    fn value(&self) -> Option<(u8, Vec<u8>)> {
        let text = self.string_value.as_deref().filter(|text| !text.is_empty());
        match self.data_type.split('.').next()? {
            "String" => text.map(|text| (1, text.as_bytes().to_vec())),
            "Number" => text.filter(|text| text.parse::<f64>().is_ok()).map(|text| (1, text.as_bytes().to_vec())),
            "Binary" => {
                let bytes = BASE64_STANDARD.decode(self.binary_value.as_deref()?).ok()?;
                (!bytes.is_empty()).then_some((2, bytes))
            }
            _ => None,
        }
    }
}

/// What a message weighs; or why it may not be sent.
pub(super) fn check(body: &str, attributes: &MessageAttributes) -> Result<usize, SqsError> {
    if body.is_empty() {
        return Err(invalid("MessageBody", "must not be empty"));
    }
    if !body.chars().all(is_allowed) {
        return Err(SqsError::InvalidMessageContents);
    }
    if attributes.len() > MAX_ATTRIBUTES {
        return Err(invalid("MessageAttributes", "more than 10"));
    }
    let mut bytes = body.len();
    for (name, attribute) in attributes {
        let (_, value) =
            attribute.value().ok_or_else(|| invalid("MessageAttributes", "a value is missing or not of its type"))?;
        bytes += name.len() + attribute.data_type.len() + value.len();
    }
    Ok(bytes)
}

/// The characters of XML 1.0, from the days of the query protocol.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

pub(super) fn invalid(name: &'static str, reason: &str) -> SqsError {
    SqsError::InvalidParameterValue { name, reason: reason.to_owned() }
}

/// `MD5OfMessageAttributes`: each name, type and value in order of the names, lengths before them. `None` for none.
pub(super) fn attributes_md5(attributes: &MessageAttributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut encoded = Vec::new();
    let push = |encoded: &mut Vec<u8>, bytes: &[u8]| {
        // A message is at most a megabyte.
        encoded.extend((bytes.len() as u32).to_be_bytes());
        encoded.extend(bytes);
    };
    for (name, attribute) in attributes {
        let (mark, value) = attribute.value()?;
        push(&mut encoded, name.as_bytes());
        push(&mut encoded, attribute.data_type.as_bytes());
        encoded.push(mark);
        push(&mut encoded, &value);
    }
    Some(md5::hex(&encoded))
}
