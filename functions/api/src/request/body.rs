//! Bodies: JSON in any of the forms in which clients and proxies send it. What is wrong with one is collected together
//! with what a route finds.

use axum::{
    body::Bytes,
    extract::{FromRequest, OptionalFromRequest, Request},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    problem::ApiError,
    request::{
        encoding::{Encoding, media_type},
        errors::Errors,
        json::Document,
        read::read,
    },
};

/// The largest body of a request, also after it is unpacked.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// Something that a document can be read as.
pub(crate) trait Body: Sized {
    /// Reads it; `None` where too little of it can be read. What is wrong is noted either way.
    fn read(document: &Value, errors: &mut Errors) -> Option<Self>;
}

impl<T: DeserializeOwned> Body for T {
    fn read(document: &Value, errors: &mut Errors) -> Option<Self> {
        read(document, errors)
    }
}

/// A body as far as it could be read.
#[derive(Debug)]
pub(crate) struct JsonBody<T> {
    read: Option<T>,
    errors: Errors,
    /// Of the document.
    pub(crate) sha256: String,
}

impl<T> JsonBody<T> {
    /// Has `check` look at the body; returns what that makes of it, and everything that is wrong.
    pub(crate) fn checked<V>(self, check: impl FnOnce(T, &mut Errors) -> Option<V>) -> (Option<V>, Errors) {
        let mut errors = self.errors;
        let value = self.read.and_then(|body| check(body, &mut errors));
        (value, errors)
    }

    /// The same for a route that has nothing else to find fault with.
    pub(crate) fn valid<V>(self, check: impl FnOnce(T, &mut Errors) -> Option<V>) -> Result<V, ApiError> {
        match self.checked(check) {
            (Some(value), errors) if errors.is_empty() => Ok(value),
            (_, errors) => Err(errors.refusal()),
        }
    }
}

impl<T: Body> JsonBody<T> {
    fn parse(bytes: &[u8]) -> Self {
        let mut errors = Errors::default();
        let Some(Document { value, sha256 }) = Document::parse(bytes, &mut errors) else {
            return Self { read: None, errors, sha256: String::new() };
        };
        Self { read: T::read(&value, &mut errors), errors, sha256 }
    }
}

impl<T: Body, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        media_type(request.headers())?;
        Ok(Self::parse(&read_bytes(request, state).await?))
    }
}

/// No body is `None`, whatever it is declared as.
impl<T: Body, S: Send + Sync> OptionalFromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        let declared = media_type(request.headers());
        let bytes = read_bytes(request, state).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        declared?;
        Ok(Some(Self::parse(&bytes)))
    }
}

/// The same as `{}`.
impl<T: Default> Default for JsonBody<T> {
    fn default() -> Self {
        Self { read: Some(T::default()), errors: Errors::default(), sha256: Document::of(json!({})).sha256 }
    }
}

async fn read_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    let encoding = Encoding::of(request.headers())?;
    let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::TooLarge { limit: MAX_BODY })?;
    encoding.unpacked(bytes)
}
