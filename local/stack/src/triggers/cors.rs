//! CORS as API Gateway has it in the template, but for pages of any origin: what protects the laptop's API is its key.
//! `tests/lint` compares both lists with the template.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

const METHODS: &str = "GET,POST,PUT,PATCH,DELETE";
const ALLOW_HEADERS: &str = "authorization,cache-control,cancel-after,content-encoding,content-type,idempotency-key,if-none-match,last-event-id,prefer,traceparent,tracestate,x-api-key,x-request-id";
const EXPOSE_HEADERS: &str =
    "accept-encoding,cache-status,etag,location,preference-applied,retry-after,ratelimit,ratelimit-policy,x-request-id";

/// Whether the request comes from a page of another origin.
pub(super) fn is_cross_origin(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN)
}

/// The answer to a browser that asks what it may send.
pub(super) fn preflight(request: &Request) -> Option<Response> {
    let asks = request.method() == Method::OPTIONS
        && is_cross_origin(request.headers())
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !asks {
        return None;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    ] {
        set(&mut response, name, value);
    }
    Some(response)
}

/// Lets a page of another origin read the answer.
pub(super) fn expose(response: &mut Response) {
    set(response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(response, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS);
}

fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}
