//! JSON documents, read strictly: a name stands once in an object. Their hash does not depend on how they are written.

use std::{cell::RefCell, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::request::{errors::Errors, place::Place};

/// Some tools begin every text with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A document, and a hash of it that is the same for white space, the order of fields, `2.0` in place of `2`, and text
/// in another Unicode normal form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    pub(crate) value: Value,
    pub(crate) sha256: String,
}

impl Document {
    /// Parses a body; `None` notes why it is no document.
    pub(crate) fn parse(bytes: &[u8], errors: &mut Errors) -> Option<Self> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        if std::str::from_utf8(bytes).is_err() {
            errors.add_unread(String::new(), "is not UTF-8, the encoding of JSON");
            return None;
        }
        let doubled = RefCell::new(Vec::new());
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Strict { place: &Place::Root, doubled: &doubled }.deserialize(&mut reader);
        let value = value.and_then(|value| reader.end().map(|()| value));
        for pointer in doubled.into_inner() {
            errors.add_unread(pointer, "stands twice in its object");
        }
        match value {
            Ok(value) => Some(Self::of(value)),
            Err(error) => {
                let detail = format!("not JSON at line {}, column {}", error.line(), error.column());
                errors.add_unread(String::new(), detail);
                None
            }
        }
    }

    pub(crate) fn of(value: Value) -> Self {
        // A map of this library is sorted by key, so that equal documents have equal text.
        let sha256 = hex::encode(Sha256::digest(canonical(&value).to_string()));
        Self { value, sha256 }
    }
}

/// The document in the one form that is hashed.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) => whole(number).map_or_else(|| value.clone(), Value::Number),
        Value::String(text) => Value::String(text.nfc().collect()),
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.nfc().collect::<String>(), canonical(value))).collect()
        }
    }
}

/// A whole number that was written with a point or an exponent.
#[expect(clippy::cast_possible_truncation, reason = "whole, and within 53 bits")]
fn whole(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0).then(|| Number::from(float as i64))
}

/// Reads any value, and notes names that stand twice.
struct Strict<'a> {
    place: &'a Place<'a>,
    doubled: &'a RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) =
            seq.next_element_seed(Strict { place: &Place::Index(self.place, items.len()), doubled: self.doubled })?
        {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let place = Place::Field(self.place, &name);
            let value = map.next_value_seed(Strict { place: &place, doubled: self.doubled })?;
            if fields.contains_key(&name) {
                self.doubled.borrow_mut().push(place.pointer());
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: impl AsRef<[u8]>) -> Result<Document, Vec<String>> {
        let mut errors = Errors::default();
        let document = Document::parse(text.as_ref(), &mut errors);
        let found: Vec<_> =
            errors.into_found().into_iter().map(|error| format!("{} {}", error.pointer, error.detail)).collect();
        if found.is_empty() { Ok(document.unwrap()) } else { Err(found) }
    }

    #[test]
    fn a_name_stands_once_in_an_object() {
        let twice = parsed(r#"{"a":1,"b":[{"c/d":1,"c/d":1}],"a":2}"#).unwrap_err();
        assert_eq!(twice, ["/b/0/c~1d stands twice in its object", "/a stands twice in its object"]);
    }

    #[test]
    fn what_is_no_document_says_where() {
        assert_eq!(parsed("{\"seeds\":\n[1,}").unwrap_err(), [" not JSON at line 2, column 4"]);
        assert_eq!(parsed("{} {}").unwrap_err().len(), 1);
        assert_eq!(parsed("[".repeat(10_000)).unwrap_err().len(), 1);
        assert_eq!(parsed(b"\xff\xfe{\0}\0").unwrap_err(), [" is not UTF-8, the encoding of JSON"]);
        assert_eq!(parsed(b"\xef\xbb\xbf{}").unwrap(), parsed("{}").unwrap());
    }

    #[test]
    fn the_hash_is_of_the_document_and_not_of_its_text() {
        let hash = |text: &str| parsed(text).unwrap().sha256;
        assert_eq!(hash(r#"{"a":1,"b":2}"#), hash("{ \"b\": 2.0,\n\"a\": 1e0 }"));
        assert_eq!(hash("\"\u{e9}\""), hash("\"e\u{301}\""));
        assert_ne!(hash(r#"{"a":1}"#), hash(r#"{"a":2}"#));
        assert_ne!(hash("1.5"), hash("1"));
        assert_eq!(parsed("\"e\u{301}\"").unwrap().value, "e\u{301}", "what a caller wrote is kept as it is");
    }
}
