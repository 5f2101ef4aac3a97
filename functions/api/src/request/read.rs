//! From a JSON document to a body, by serde, but for three things: every fault is noted and reading goes on with a
//! stand-in; objects are objects, never lists by position; and errors speak of the request's fields, not of Rust's
//! types. A whole number may be written `2.0`, and `null` is the same as leaving a field out.

mod access;
mod deserializer;
mod fault;
mod notes;

use std::cell::RefCell;

use serde::de::{DeserializeOwned, Visitor};
use serde_json::{Map, Value};

use self::{access::Entries, fault::Fault, notes::Notes};
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
