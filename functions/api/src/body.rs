//! JSON bodies whose errors say where they are.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http::header;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::problem::{ApiError, FieldError};

/// The largest body of a request.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// A parsed body, and a hash of it that does not depend on white space or the order of fields.
#[derive(Debug)]
pub(crate) struct JsonBody<T> {
    pub(crate) value: T,
    pub(crate) sha256: String,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let declared = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_json = declared.is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind == "application/json" || kind.ends_with("+json")
        });
        if !is_json {
            return Err(ApiError::NotJson);
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::TooLarge { limit: MAX_BODY })?;
        parse(&bytes)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<JsonBody<T>, ApiError> {
    let document: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| {
        FieldError::body("", format!("not JSON at line {}, column {}", error.line(), error.column()))
    })?;
    // A map of this library is sorted by key, so that equal documents have equal text.
    let sha256 = hex::encode(Sha256::digest(document.to_string()));
    let value = serde_path_to_error::deserialize(document).map_err(|error| {
        let (path, detail) = (pointer(error.path()), error.inner().to_string());
        // A field that is missing has no place of its own: the message names it.
        let missing = detail.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        FieldError::body(missing.map_or_else(|| path.clone(), |name| format!("{path}/{name}")), detail)
    })?;
    Ok(JsonBody { value, sha256 })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    });
    segments.collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its parsing matters here")]
        seeds: Vec<u64>,
    }

    fn error(text: &str) -> FieldError {
        match parse::<Body>(text.as_bytes()) {
            Err(ApiError::Invalid(mut errors)) => errors.remove(0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_error_points_at_its_place() {
        assert_eq!(error(r#"{"seeds":[1,-1]}"#).pointer, "/seeds/1");
        assert_eq!(error(r#"{"seeds":[1],"sede":2}"#).pointer, "/sede");
        assert_eq!(error("{\"seeds\":\n[1,}").detail, "not JSON at line 2, column 4");
        assert_eq!(error("{}").pointer, "/seeds");
        assert_eq!(error("1").pointer, "");
        let deep = "[".repeat(10_000);
        assert_eq!(error(&deep).pointer, "");
    }

    #[test]
    fn the_hash_is_of_the_document_and_not_of_its_text() {
        let hash = |text: &str| parse::<serde_json::Value>(text.as_bytes()).unwrap().sha256;
        assert_eq!(hash(r#"{"a":1,"b":2}"#), hash("{ \"b\": 2,\n\"a\": 1 }"));
        assert_ne!(hash(r#"{"a":1}"#), hash(r#"{"a":2}"#));
    }
}
