//! `?dryRun=true`: the request is priced and not made.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Deserialize;

use crate::{
    problem::{ApiError, FieldError},
    request::query::Query,
};

/// Whether the request is only priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Make,
    Price,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    dry_run: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Mode {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(Parameters { dry_run }) = Query::from_request_parts(parts, state).await?;
        match dry_run.as_deref() {
            Some("true") => Ok(Self::Price),
            Some("false") | None => Ok(Self::Make),
            Some(_) => Err(FieldError::query("dryRun", "must be true or false").into()),
        }
    }
}
