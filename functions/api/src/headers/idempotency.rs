//! `Idempotency-Key`: the caller's promise that two requests are one.

use http::HeaderMap;
use likeness_core::store::Idempotency;
use sha2::{Digest, Sha256};

use crate::problem::{ApiError, FieldError};

/// Reads the header. `route` and `body_sha256` are what a repetition must agree in.
pub(crate) fn idempotency(
    headers: &HeaderMap,
    route: &str,
    body_sha256: &str,
) -> Result<Option<Idempotency>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    // The draft standard spells it as a quoted string; most clients send it bare.
    let bytes = value.as_bytes();
    let bytes = bytes.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(bytes);
    if bytes.is_empty() || bytes.len() > 255 || !bytes.iter().all(u8::is_ascii_graphic) {
        let detail = "must be 1 to 255 visible ASCII characters";
        return Err(FieldError::header("Idempotency-Key", detail).into());
    }
    // Hashed, so that no caller's text becomes part of a key of the table.
    let key = hex::encode(Sha256::digest(bytes));
    Ok(Some(Idempotency { key, fingerprint: format!("{route} {body_sha256}") }))
}
