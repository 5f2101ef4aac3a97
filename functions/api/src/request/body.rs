//! JSON bodies whose errors say where they are.

use axum::{
    body::Bytes,
    extract::{FromRequest, OptionalFromRequest, Request},
};
use http::{HeaderMap, header};
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
        if !is_json(request.headers()) {
            return Err(ApiError::NotJson);
        }
        parse(&read_bytes(request, state).await?)
    }
}

/// No body is `None`, whatever it is declared as.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = read_bytes(request, state).await?;
        match (bytes.is_empty(), is_json) {
            (true, _) => Ok(None),
            (false, true) => parse(&bytes).map(Some),
            (false, false) => Err(ApiError::NotJson),
        }
    }
}

/// The same as `{}`.
impl<T: Default> Default for JsonBody<T> {
    fn default() -> Self {
        Self { value: T::default(), sha256: hex::encode(Sha256::digest("{}")) }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    declared.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind == "application/json" || kind.ends_with("+json")
    })
}

async fn read_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|_| ApiError::TooLarge { limit: MAX_BODY })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<JsonBody<T>, ApiError> {
    let document: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| {
        FieldError::body("", format!("not JSON at line {}, column {}", error.line(), error.column()))
    })?;
    // A map of this library is sorted by key, so that equal documents have equal text.
    let sha256 = hex::encode(Sha256::digest(document.to_string()));
    Ok(JsonBody { value: read(document, "")?, sha256 })
}

/// Reads the part of a body that stands at `place`.
pub(crate) fn read<T: DeserializeOwned>(part: serde_json::Value, place: &str) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(part).map_err(|error| {
        let (path, detail) = (format!("{place}{}", pointer(error.path())), error.inner().to_string());
        // A field that is missing has no place of its own: the message names it.
        let missing = detail.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        FieldError::body(missing.map_or_else(|| path.clone(), |name| format!("{path}/{name}")), detail)
    })
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
