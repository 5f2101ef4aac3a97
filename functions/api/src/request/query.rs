//! Parameters of the query. One that a route does not take is an error, as a field of a body is.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::request::Parts;
use likeness_domain::id::InvalidId;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::{
    problem::{ApiError, FieldError},
    request::{
        errors::Errors,
        read::{Context, read, read_beside},
    },
};

const PARAMETERS: Context<'_> = Context { member: "parameter", beside: &[] };

/// Parameters of the query, each as text.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut errors = Errors::default();
        let mut given = Map::new();
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if given.insert(name.clone().into_owned(), Value::String(value.into_owned())).is_some() {
                errors.add(&format!("/{name}"), "is given twice");
            }
        }
        let read = read_beside(&Value::Object(given), &PARAMETERS, &mut errors);
        // The reader speaks of bodies.
        let mut found =
            errors.into_found().into_iter().map(|error| FieldError::query(&error.pointer[1..], error.detail));
        match read {
            Some(read) if found.len() == 0 => Ok(Self(read)),
            _ => Err(ApiError::Invalid(found.by_ref().collect())),
        }
    }
}

/// A filter that is an id or a name.
pub(crate) fn filter<T: FromStr<Err = InvalidId>>(name: &str, value: Option<&str>) -> Result<Option<T>, ApiError> {
    let read = value.map(str::parse::<T>).transpose();
    read.map_err(|error| FieldError::query(name, format!("is {error}")).into())
}

/// A filter that is one of the words by which `T` is known in answers.
pub(crate) fn word<T: DeserializeOwned>(name: &str, value: Option<&str>) -> Result<Option<T>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let mut errors = Errors::default();
    let read = read(&Value::String(value.to_owned()), &mut errors);
    match errors.into_found().into_iter().next() {
        None => Ok(read),
        Some(error) => Err(FieldError::query(name, error.detail).into()),
    }
}

/// Refuses every parameter: for routes that take none.
pub(crate) async fn no_parameters(request: Request, next: Next) -> Response {
    let given = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let errors: Vec<FieldError> =
        given.map(|(name, _)| FieldError::query(&name, "is not a known parameter; this route takes none")).collect();
    if errors.is_empty() { next.run(request).await } else { ApiError::Invalid(errors).into_response() }
}
