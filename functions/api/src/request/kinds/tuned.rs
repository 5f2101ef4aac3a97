//! What every body that asks for images lets a caller say about the generation itself, read once for all of them.

use likeness_domain::kind::Tuning;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::request::{
    body::Body,
    errors::Errors,
    read::{Context, read, read_beside},
};

/// A body with the six fields of tuning, and the end user, beside its own.
#[derive(Debug, Clone)]
pub(crate) struct Tuned<T> {
    pub(crate) body: T,
    pub(crate) tuning: Tuning,
    /// For whom an app asks, as it is spelled in the request.
    pub(crate) end_user: Option<String>,
}

/// The names of those fields.
const FIELDS: [&str; 7] = ["model", "seed", "negativePrompt", "steps", "guidance", "outputFormat", "endUser"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    model: Option<String>,
    seed: Option<u64>,
    negative_prompt: Option<String>,
    steps: Option<u32>,
    guidance: Option<f64>,
    output_format: Option<String>,
    end_user: Option<String>,
}

impl<T: DeserializeOwned> Body for Tuned<T> {
    fn read(document: &Value, errors: &mut Errors) -> Option<Self> {
        let Value::Object(members) = document else {
            return read(document, errors).map(|body| Self { body, tuning: Tuning::default(), end_user: None });
        };
        let (tuning, own): (Map<_, _>, Map<_, _>) =
            members.clone().into_iter().partition(|(name, _)| FIELDS.contains(&name.as_str()));
        let tuning: Option<Fields> = read(&Value::Object(tuning), errors);
        let body = read_beside(&Value::Object(own), &Context { member: "field", beside: &FIELDS }, errors);
        let tuning = tuning?;
        Some(Self { body: body?, end_user: tuning.end_user.clone(), tuning: tuning.into() })
    }
}

impl From<Fields> for Tuning {
    fn from(fields: Fields) -> Self {
        let Fields { model, seed, negative_prompt, steps, guidance, output_format, end_user: _ } = fields;
        Self { model, seed, negative_prompt, steps, guidance, output_format }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        name: String,
    }

    #[test]
    fn both_halves_are_read_and_told_together() {
        let mut errors = Errors::default();
        let tuned: Tuned<Own> = Body::read(&json!({ "name": "a", "seed": 7.0, "model": null }), &mut errors).unwrap();
        assert_eq!((tuned.body.name.as_str(), tuned.tuning.seed, errors.is_empty()), ("a", Some(7), true));
        let _wrong: Option<Tuned<Own>> = Body::read(&json!({ "nam": "a", "seed": "x" }), &mut errors);
        let found: Vec<_> = errors.into_found().into_iter().map(|error| error.pointer).collect();
        assert_eq!(found, ["/seed", "/nam", "/name"]);
    }
}
