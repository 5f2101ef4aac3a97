//! From a JSON document to a body, by serde, but for three things: every fault is noted and reading goes on with a stand-in;
//! objects are objects, never lists by position; and errors speak of the request's fields, not of Rust's types. A whole
//! number may be written `2.0`, and `null` is the same as leaving a field out.

mod access;
mod fault;

use std::cell::RefCell;

use serde::{
    Deserializer,
    de::{DeserializeOwned, IntoDeserializer, Visitor},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use self::{
    access::{Elements, Entries},
    fault::Fault,
};
use crate::request::{errors::Errors, place::Place};

/// Most readings of one document: each but the last found something.
const MOST: usize = 100;

/// Reads a body; `None` where too little of it can be read. What is wrong is noted either way.
pub(crate) fn read<T: DeserializeOwned>(document: &Value, errors: &mut Errors) -> Option<T> {
    read_beside(document, &Context::BODY, errors)
}

/// What is read, for the words of errors.
pub(crate) struct Context<'a> {
    /// What a member of it is called.
    pub(crate) member: &'static str,
    /// Members that are read apart.
    pub(crate) beside: &'a [&'a str],
}

impl Context<'_> {
    const BODY: Self = Self { member: "field", beside: &[] };
}

/// The same of a document of which some members are read apart.
pub(crate) fn read_beside<T: DeserializeOwned>(
    document: &Value,
    context: &Context<'_>,
    errors: &mut Errors,
) -> Option<T> {
    let notes = RefCell::new(Notes::default());
    let mut read = None;
    for _ in 0..MOST {
        let before = notes.borrow().progress();
        let reader = Reader { value: Some(document), at: &Place::Root, context, notes: &notes };
        match T::deserialize(reader) {
            Ok(value) => {
                read = Some(value);
                break;
            }
            Err(fault) => {
                reader.settled(fault);
            }
        }
        if notes.borrow().progress() == before {
            break;
        }
    }
    for (pointer, detail) in notes.into_inner().found {
        errors.add_unread(pointer, detail);
    }
    read
}

/// What was found so far, from one reading to the next.
#[derive(Debug, Default)]
struct Notes {
    found: Vec<(String, String)>,
    /// Members that are passed over from now on.
    dropped: Vec<String>,
    /// Members that are missing: their object, and their name.
    stand_ins: Vec<(String, &'static str)>,
}

impl Notes {
    fn progress(&self) -> usize {
        self.found.len() + self.dropped.len() + self.stand_ins.len()
    }

    fn note(&mut self, pointer: String, detail: String) {
        if !self.found.iter().any(|(known, _)| *known == pointer) {
            self.found.push((pointer, detail));
        }
    }

    fn drop(&mut self, pointer: String) {
        if !self.dropped.contains(&pointer) {
            self.dropped.push(pointer);
        }
    }
}

/// Reads one value; without one it makes up a stand-in.
#[derive(Clone, Copy)]
struct Reader<'a> {
    value: Option<&'a Value>,
    at: &'a Place<'a>,
    context: &'a Context<'a>,
    notes: &'a RefCell<Notes>,
}

impl<'a> Reader<'a> {
    fn note(self, detail: impl Into<String>) {
        self.notes.borrow_mut().note(self.at.pointer(), detail.into());
    }

    /// Notes that the value is something else. A field that is `null` counts as left out instead, at the next reading.
    fn mismatch(self, expected: &str) -> Result<(), Fault> {
        match (self.value, self.at) {
            (None, _) => Ok(()),
            (Some(Value::Null), Place::Field(..)) => {
                self.notes.borrow_mut().drop(self.at.pointer());
                Err(Fault::Noted)
            }
            (Some(value), _) => {
                self.note(format!("must be {expected}, not {}", kind_of(value)));
                Ok(())
            }
        }
    }

    /// Notes a fault that has no place yet, and passes its value over at the next reading.
    fn settled(self, fault: Fault) -> Fault {
        let here = self.at.pointer();
        match fault {
            Fault::Noted => {}
            Fault::Said(detail) => {
                self.note(detail);
                self.notes.borrow_mut().drop(here);
            }
            Fault::Missing(name) => {
                let mut notes = self.notes.borrow_mut();
                notes.note(Place::Field(self.at, name).pointer(), "is missing".to_owned());
                if !notes.stand_ins.contains(&(here.clone(), name)) {
                    notes.stand_ins.push((here, name));
                }
            }
            Fault::Unknown { name, known } => {
                let pointer = Place::Field(self.at, &name).pointer();
                let detail = self.unknown(known);
                let mut notes = self.notes.borrow_mut();
                notes.note(pointer.clone(), detail);
                notes.drop(pointer);
            }
        }
        Fault::Noted
    }

    fn unknown(self, known: &[&str]) -> String {
        let Context { member, beside } = self.context;
        let beside = if matches!(self.at, Place::Root) { *beside } else { &[] };
        let known: Vec<&str> = known.iter().chain(beside).copied().collect();
        format!("is not a known {member}; known are {}", known.join(", "))
    }

    fn whole_number(self, least: i128, most: i128) -> Result<i128, Fault> {
        let whole = self.value.and_then(whole_number);
        match whole.filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(number),
            None => {
                match self.value {
                    Some(Value::Number(_)) if most <= i128::from(u32::MAX) || least < 0 => {
                        self.note(format!("must be a whole number from {least} to {most}"));
                    }
                    Some(Value::Number(_)) => self.note("must be a whole number, 0 or greater"),
                    Some(_) | None => self.mismatch("a whole number")?,
                }
                Ok(0)
            }
        }
    }

    fn object<'de, V: Visitor<'de>>(
        self,
        members: &'a Map<String, Value>,
        known: Option<&'static [&'static str]>,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let here = self.at.pointer();
        let mut entries: Vec<(&'a str, Option<&'a Value>)> = Vec::new();
        for (name, value) in members {
            let pointer = Place::Field(self.at, name).pointer();
            if self.notes.borrow().dropped.contains(&pointer) {
                continue;
            }
            match known.filter(|known| !known.contains(&name.as_str())) {
                Some(known) => self.notes.borrow_mut().note(pointer, self.unknown(known)),
                None => entries.push((name, Some(value))),
            }
        }
        let stand_ins = self.notes.borrow().stand_ins.clone();
        entries.extend(stand_ins.into_iter().filter(|(object, _)| *object == here).map(|(_, name)| (name, None)));
        visitor.visit_map(Entries::new(self, entries)).map_err(|fault| match fault {
            // These are of this object; the others are of the member that holds it.
            Fault::Missing(_) | Fault::Unknown { .. } => self.settled(fault),
            Fault::Noted | Fault::Said(_) => fault,
        })
    }
}

/// Whole numbers by their range.
macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty as $wide:ty),*) => {$(
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was found within the range")]
        #[expect(clippy::allow_attributes, clippy::cast_lossless, reason = "one body for every width")]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let number = self.whole_number(<$type>::MIN as i128, <$type>::MAX as i128)?;
            visitor.$visit(number as $wide)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            None | Some(Value::Null) => visitor.visit_unit(),
            Some(Value::Bool(value)) => visitor.visit_bool(*value),
            Some(Value::Number(number)) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, number) => visitor.visit_f64(number.unwrap_or_default()),
            },
            Some(Value::String(text)) => visitor.visit_str(text),
            Some(Value::Array(items)) => visitor.visit_seq(Elements::new(self, items)),
            Some(Value::Object(members)) => self.object(members, None, visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some(Value::Bool(value)) = self.value {
            return visitor.visit_bool(*value);
        }
        self.mismatch("true or false")?;
        visitor.visit_bool(false)
    }

    whole_numbers!(
        deserialize_u8 visit_u64 u8 as u64, deserialize_u16 visit_u64 u16 as u64, deserialize_u32 visit_u64 u32 as u64,
        deserialize_u64 visit_u64 u64 as u64, deserialize_i8 visit_i64 i8 as i64, deserialize_i16 visit_i64 i16 as i64,
        deserialize_i32 visit_i64 i32 as i64, deserialize_i64 visit_i64 i64 as i64
    );

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some(Value::Number(number)) = self.value {
            return visitor.visit_f64(number.as_f64().unwrap_or_default());
        }
        self.mismatch("a number")?;
        visitor.visit_f64(0.0)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some(Value::String(text)) = self.value {
            return visitor.visit_str(text);
        }
        self.mismatch("a text")?;
        visitor.visit_str("")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            None | Some(Value::Null) => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some(Value::Array(items)) = self.value {
            return visitor.visit_seq(Elements::new(self, items));
        }
        self.mismatch("a list")?;
        visitor.visit_seq(Elements::new(self, &[]))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some(Value::Object(members)) = self.value {
            return self.object(members, None, visitor);
        }
        self.mismatch("an object")?;
        visitor.visit_map(Entries::new(self, Vec::new()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Some(Value::Object(members)) = self.value {
            return self.object(members, Some(fields), visitor);
        }
        self.mismatch("an object")?;
        // What no object holds is not missing from it.
        visitor.visit_map(Entries::new(self, fields.iter().map(|name| (*name, None)).collect()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value {
            Some(Value::String(name)) if variants.contains(&name.as_str()) => {
                return visitor.visit_enum(name.as_str().into_deserializer());
            }
            Some(Value::String(_)) => self.note(format!("must be one of {}", variants.join(", "))),
            Some(_) | None => self.mismatch(&format!("one of {}", variants.join(", ")))?,
        }
        visitor.visit_enum(variants.first().copied().unwrap_or_default().into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier }
}

#[expect(clippy::cast_possible_truncation, reason = "whole, and checked against the range of a type by the caller")]
fn whole_number(value: &Value) -> Option<i128> {
    let Value::Number(number) = value else { return None };
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(number), ..) => Some(i128::from(number)),
        (None, Some(number), _) => Some(i128::from(number)),
        (None, None, Some(float)) if float.fract() == 0.0 && float.abs() < 1e20 => Some(float as i128),
        (None, None, Some(_) | None) => None,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
