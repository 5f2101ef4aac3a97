//! The members of an object and the elements of a list, one after another.

use std::vec::IntoIter;

use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};
use serde_json::Value;

use super::{Reader, fault::Fault};
use crate::request::place::Place;

/// The members of an object; one without a value gets a stand-in.
pub(super) struct Entries<'a> {
    object: Reader<'a>,
    left: IntoIter<(&'a str, Option<&'a Value>)>,
    current: Option<(&'a str, Option<&'a Value>)>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(object: Reader<'a>, entries: Vec<(&'a str, Option<&'a Value>)>) -> Self {
        Self { object, left: entries.into_iter(), current: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.left.next();
        self.current.map(|(name, _)| seed.deserialize(name.into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, value) = self.current.take().unwrap_or_default();
        let at = Place::Field(self.object.at, name);
        let reader = Reader { value, at: &at, ..self.object };
        seed.deserialize(reader).map_err(|fault| reader.settled(fault))
    }
}

/// The elements of a list.
pub(super) struct Elements<'a> {
    list: Reader<'a>,
    left: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
}

impl<'a> Elements<'a> {
    pub(super) fn new(list: Reader<'a>, items: &'a [Value]) -> Self {
        Self { list, left: items.iter().enumerate() }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        for (index, value) in self.left.by_ref() {
            let at = Place::Index(self.list.at, index);
            if self.list.notes.borrow().dropped.contains(&at.pointer()) {
                continue;
            }
            let reader = Reader { value: Some(value), at: &at, ..self.list };
            return seed.deserialize(reader).map(Some).map_err(|fault| reader.settled(fault));
        }
        Ok(None)
    }
}
