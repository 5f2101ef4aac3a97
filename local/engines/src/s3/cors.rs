//! CORS for everyone: the page uploads to presigned URLs and reads the public domain from another port.

use axum::{
    extract::Request,
    http::{
        HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE")),
    (ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*")),
    (ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag, Content-Length, Content-Range, Last-Modified")),
    (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600")),
];

/// Answers preflights, which carry no signature, and marks all other answers as readable from anywhere.
pub(super) async fn allow_all(request: Request, next: Next) -> Response {
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    response.headers_mut().extend(HEADERS);
    response
}
