//! `ETag` and `If-None-Match`: a poll that brings nothing new is answered with 304 instead of everything again.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::ApiError;

/// `answer` as JSON with its tag, or 304 where the caller has just that.
///
/// # Errors
/// It is no JSON.
pub(crate) fn tagged(headers: &HeaderMap, answer: &impl Serialize) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(answer).map_err(|error| ApiError::Internal(Box::new(error)))?;
    // Weak: what carries it may pack the body.
    let tag = format!("W/\"{}\"", hex::encode(&Sha256::digest(&body)[..12]));
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut response = if known.flat_map(|list| list.split(',')).any(|other| is_same(other.trim(), &tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    // Of one caller, and to be asked about each time.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// Weak comparison (RFC 9110, 8.8.3.2).
fn is_same(known: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    known == "*" || opaque(known) == opaque(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_answer_is_not_sent_twice() {
        let first = tagged(&HeaderMap::new(), &1).ok().unwrap();
        let tag = first.headers()[header::ETAG].clone();
        let status = |known: &str, answer: i32| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, known.parse().unwrap())]);
            tagged(&headers, &answer).ok().unwrap().status().as_u16()
        };
        let tag = tag.to_str().unwrap();
        assert_eq!(
            [status(tag, 1), status(&tag[2..], 1), status(&format!("\"x\", {tag}"), 1), status("*", 1)],
            [304; 4]
        );
        assert_eq!([status(tag, 2), status("\"x\"", 1)], [200; 2]);
    }
}
