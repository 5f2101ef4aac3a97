//! What the headers of a request say about how a job is to be done.

use std::time::Duration;

use http::HeaderMap;
use jiff::SignedDuration;
use likeness_core::store::Idempotency;

use crate::{
    headers::{cache::may_be_cached, cancel_after::cancel_after, idempotency::idempotency, prefer},
    problem::ApiError,
    request::errors::Errors,
};

/// How a job is to be done.
#[derive(Debug)]
pub(crate) struct Options {
    /// Whether an earlier result will do.
    pub(crate) may_be_cached: bool,
    /// How long it may take.
    pub(crate) cancel_after: Option<SignedDuration>,
    /// What it is not to be done twice for.
    pub(crate) idempotency: Option<Idempotency>,
    /// How long the caller waits for it.
    pub(crate) wait: Option<Duration>,
}

impl Options {
    /// Reads them all; what is wrong is noted. `route` and `sha256` (of the body) are what a repetition under the same
    /// idempotency key must agree in.
    ///
    /// # Errors
    /// What stopped it is no fault of the headers.
    pub(crate) fn read(headers: &HeaderMap, route: &str, sha256: &str, errors: &mut Errors) -> Result<Self, ApiError> {
        Ok(Self {
            may_be_cached: may_be_cached(headers),
            cancel_after: errors.part(cancel_after(headers))?.flatten(),
            idempotency: errors.part(idempotency(headers, route, sha256))?.flatten(),
            wait: errors.part(prefer::wait(headers))?.flatten(),
        })
    }
}
