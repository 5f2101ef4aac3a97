//! How serde reads a value: a value of another type is noted, and reading goes on with a stand-in.

use serde::{
    Deserializer,
    de::{IntoDeserializer, Visitor},
    forward_to_deserialize_any,
};
use serde_json::Value;

use super::{
    Reader,
    access::{Elements, Entries},
    fault::Fault,
};

/// Whole numbers by their range.
macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty as $wide:ty),*) => {$(
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
