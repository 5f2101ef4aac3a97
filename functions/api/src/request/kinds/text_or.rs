//! A field that is a text, or an object that says the same in parts.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A text, or an object with the fields of `T`. A list is neither, though serde would take one for the fields in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextOr<T, Text = String> {
    Text(Text),
    Fields(T),
}

impl<'de, T: Deserialize<'de>, Text: Deserialize<'de>> Deserialize<'de> for TextOr<T, Text> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

struct Either<T, Text>(PhantomData<(T, Text)>);

impl<'de, T: Deserialize<'de>, Text: Deserialize<'de>> Visitor<'de> for Either<T, Text> {
    type Value = TextOr<T, Text>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or an object")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Text::deserialize(serde::de::value::StrDeserializer::new(text)).map(TextOr::Text)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_neither() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Point {
            x: f64,
        }
        let of = |value| serde_json::from_value::<TextOr<Point>>(value).ok();
        assert_eq!(of(json!("left")), Some(TextOr::Text("left".to_owned())));
        assert_eq!(of(json!({ "x": 0.5 })), Some(TextOr::Fields(Point { x: 0.5 })));
        assert_eq!([json!([0.5]), json!(1), json!(null), json!({})].map(of), [None, None, None, None]);
    }
}
