//! Authentication of calls: `Authorization: Key <id>:<secret>`.

use axum::response::Response;
use http::{HeaderMap, StatusCode, header};

use super::{answer::detail, emulation::Emulation};

const MALFORMED: &str = "Invalid Key Authorization header format. Expected '<key_id>:<key_secret>'.";
const UNKNOWN: &str = "No user found for Key ID and Secret";

/// The 401 for a call without a good key.
pub(super) fn unauthorized() -> Response {
    detail(StatusCode::UNAUTHORIZED, UNKNOWN)
}

/// Lets a call with a good key pass.
///
/// # Errors
///
/// The answer to give: 401.
#[expect(clippy::result_large_err, reason = "the error is the answer itself")]
pub(super) fn authorize(emulation: &Emulation, headers: &HeaderMap) -> Result<(), Response> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(detail(StatusCode::UNAUTHORIZED, "Authentication is required to access this application"));
    };
    let credential = value.to_str().ok().and_then(|value| value.strip_prefix("Key "));
    let Some(credential) = credential.filter(|credential| is_well_formed(credential)) else {
        return Err(detail(StatusCode::UNAUTHORIZED, MALFORMED));
    };
    let keys = &emulation.options.keys;
    if keys.is_empty() || keys.iter().any(|key| key == credential) { Ok(()) } else { Err(unauthorized()) }
}

fn is_well_formed(credential: &str) -> bool {
    credential.split_once(':').is_some_and(|(id, secret)| {
        !id.is_empty() && !secret.is_empty() && !secret.contains(':') && !credential.contains(char::is_whitespace)
    })
}
