//! What R2 does and `s3s` does not, in front of it. (`s3s` refuses such signatures itself from 0.15 on, which needs a
//! newer Rust than this workspace.)
//!
//! - Signature version 2, in a URL or a header, is refused, and so is a presigned URL whose end lies beyond a week.
//! - Several ranges in one GET are answered with the whole object, which HTTP allows, instead of an error.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, Method, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, RANGE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;

use super::{
    public,
    store::{self, Store},
};

/// The longest life of a presigned URL, in seconds: a week.
const LONGEST: u32 = 604_800;

/// Refuses what R2 refuses; all else goes on to `s3s`.
pub(super) async fn refuse(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match refusal(query, header) {
        Some(refused) => refused.into_response(),
        None => next.run(request).await,
    }
}

/// Status, code and message of a request that is refused.
#[derive(Debug, PartialEq, Eq)]
struct Refusal(StatusCode, &'static str, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        (status, [(CONTENT_TYPE, "application/xml")], body).into_response()
    }
}

fn refusal(query: &str, authorization: Option<&str>) -> Option<Refusal> {
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let in_url = value("Signature").is_some() || value("AWSAccessKeyId").is_some();
    if in_url || authorization.is_some_and(|value| value.starts_with("AWS ")) {
        let message = "SigV2 authorization is not supported. Please use SigV4 instead.";
        return Some(Refusal(StatusCode::UNAUTHORIZED, "Unauthorized", message));
    }
    let seconds = value("X-Amz-Expires")?;
    let within = seconds.parse::<u32>().is_ok_and(|seconds| (1..=LONGEST).contains(&seconds));
    let message = "X-Amz-Expires must be from 1 to 604800, a week in seconds";
    (!within).then_some(Refusal(StatusCode::BAD_REQUEST, "AuthorizationQueryParametersError", message))
}

/// Answers a GET of several ranges with the whole object. `s3s` reads the header only after it has checked the
/// signature, and answers 400 then: a request that it refuses otherwise is left at that.
pub(super) async fn whole_for_several_ranges(State(store): State<Store>, request: Request, next: Next) -> Response {
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    if !reads || !has_several_ranges(request.headers()) {
        return next.run(request).await;
    }
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let path = percent_decode_str(request.uri().path().trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let answer = next.run(request).await;
    let Some((bucket, key)) = path.split_once('/').map(|(bucket, key)| (bucket.to_owned(), key.to_owned())) else {
        return answer;
    };
    if answer.status() != StatusCode::BAD_REQUEST {
        return answer;
    }
    let read = store.transact(move |tx, _| {
        let object = store::require(tx, &bucket, &key)?;
        Ok((object, store::read_bytes(tx, &bucket, &key)?))
    });
    match read.await {
        Ok((object, bytes)) => public::answer(&method, &headers, &object, bytes),
        Err(_) => Refusal(StatusCode::NOT_FOUND, "NoSuchKey", "the specified key does not exist").into_response(),
    }
}

fn has_several_ranges(headers: &HeaderMap) -> bool {
    headers.get(RANGE).and_then(|range| range.to_str().ok()).is_some_and(|range| range.contains(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str, header: Option<&str>) -> Option<&'static str> {
        refusal(query, header).map(|refused| refused.1)
    }

    #[test]
    fn old_signatures_and_ends_beyond_a_week_are_refused() {
        assert_eq!(code("AWSAccessKeyId=a&Expires=1790000000&Signature=s", None), Some("Unauthorized"));
        assert_eq!(code("", Some("AWS key:signature")), Some("Unauthorized"));
        assert_eq!(code("", Some("AWS4-HMAC-SHA256 Credential=a/b")), None);
        for bad in ["604801", "0", "-1", "99999999999", "x", ""] {
            let query = format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={bad}&X-Amz-Signature=s");
            assert_eq!(code(&query, None), Some("AuthorizationQueryParametersError"), "{bad}");
        }
        assert_eq!(code("X-Amz-Expires=604800&X-Amz-Signature=s", None), None);
        assert_eq!(code("list-type=2&prefix=Signature", None), None);
    }
}
