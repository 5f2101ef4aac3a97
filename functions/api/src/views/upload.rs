//! Where a client puts a file: straight into the bucket, under an address that ends.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::{app::App, problem::ApiError, views::time::Time};

/// A request that the client makes itself.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Upload {
    method: &'static str,
    url: String,
    headers: BTreeMap<&'static str, String>,
    expires_at: Time,
}

impl Upload {
    /// One that puts a file of this type and of just so many `bytes` under `key`, until `until`.
    pub(crate) async fn new(
        app: &App,
        key: &str,
        content_type: &'static str,
        bytes: u64,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let signed = app.bucket.signed_put(key, content_type, bytes, until.duration_since(now), now).await;
        let url = signed.map_err(|error| ApiError::Internal(Box::new(error)))?.url;
        let headers =
            BTreeMap::from([("content-type", content_type.to_owned()), ("content-length", bytes.to_string())]);
        Ok(Self { method: "PUT", url, headers, expires_at: until.into() })
    }
}
