//! Where a client puts a file: straight into the bucket, under an address that ends.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{app::App, problem::ApiError};

/// A request that the client makes itself.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Upload {
    method: &'static str,
    url: String,
    headers: BTreeMap<&'static str, &'static str>,
    expires_at: Timestamp,
}

impl Upload {
    /// One that puts a file of this type under `key`.
    pub(crate) async fn new(
        app: &App,
        key: &str,
        content_type: &'static str,
        lifetime: SignedDuration,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let signed = app.bucket.signed_put(key, content_type, lifetime, now).await;
        let url = signed.map_err(|error| ApiError::Internal(Box::new(error)))?.url;
        let headers = BTreeMap::from([("content-type", content_type)]);
        Ok(Self { method: "PUT", url, headers, expires_at: now + lifetime })
    }
}
