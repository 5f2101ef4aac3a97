//! Documents kept as text within an item: the table knows no difference between 1 and 1.0, limits nesting, and counts
//! every name and number of a document that nothing looks into.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _, ser::Error as _};

pub(crate) fn serialize<T: Serialize, S: Serializer>(document: &T, to: S) -> Result<S::Ok, S::Error> {
    serde_json::to_string(document).map_err(S::Error::custom)?.serialize(to)
}

pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    serde_json::from_str(&String::deserialize(from)?).map_err(D::Error::custom)
}

/// The same for a document that may be absent.
pub(crate) mod optional {
    use serde::{
        Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _, ser::Error as _,
    };

    pub(crate) fn serialize<T: Serialize, S: Serializer>(document: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        let text = document.as_ref().map(serde_json::to_string).transpose();
        text.map_err(S::Error::custom)?.serialize(to)
    }

    pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(D::Error::custom)
    }
}
