//! The bodies of fal's answers, and the table of its error types.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::fault::ErrorBody;

/// The page of a proxy in front of fal.
const GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad \
                            Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

/// JSON with a status.
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// `{"detail": text}`.
pub(super) fn detail(status: StatusCode, text: &str) -> Response {
    json_answer(status, &json!({ "detail": text }))
}

/// The answer for an id that fal does not know (any more).
pub(super) fn not_found() -> Response {
    json_answer(StatusCode::NOT_FOUND, &json!({ "status": "NOT_FOUND" }))
}

/// The flat form of an infrastructure error, with the status that belongs to its type.
pub(super) fn request_error(error_type: &str, text: &str) -> Response {
    let mut response = json_answer(request_error_status(error_type), &request_error_body(error_type, text));
    insert(&mut response, "x-fal-error-type", error_type);
    response
}

/// The body of an infrastructure error.
pub(super) fn request_error_body(error_type: &str, text: &str) -> Value {
    json!({ "detail": text, "error_type": error_type })
}

/// The status of an infrastructure error; 500 for a type that fal does not document.
pub(super) fn request_error_status(error_type: &str) -> StatusCode {
    match error_type {
        "request_timeout" | "startup_timeout" => StatusCode::GATEWAY_TIMEOUT,
        "runner_scheduling_failure"
        | "runner_connection_timeout"
        | "runner_disconnected"
        | "runner_connection_refused"
        | "runner_connection_error" => StatusCode::SERVICE_UNAVAILABLE,
        "runner_incomplete_response" => StatusCode::BAD_GATEWAY,
        "client_disconnected" | "client_cancelled" => client_closed(),
        "bad_request" => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// 499, which the `http` crate has no name for.
fn client_closed() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}

/// One item of a model's `detail` list.
pub(super) fn detail_item(loc: &[Value], kind: &str, msg: &str, ctx: Option<Value>, input: Option<&Value>) -> Value {
    let mut item = json!({ "loc": loc, "msg": msg, "type": kind, "url": format!("https://docs.fal.ai/errors#{kind}") });
    if let Some(ctx) = ctx {
        item["ctx"] = ctx;
    }
    if let Some(input) = input {
        item["input"] = input.clone();
    }
    item
}

/// One of the error bodies of the field, for an error of type `kind`.
pub(super) fn error_body(body: &ErrorBody, kind: &str) -> Value {
    let msg = format!("The request failed: {}.", kind.replace('_', " "));
    match body {
        ErrorBody::DetailList => {
            json!({ "detail": [detail_item(&["body".into(), "prompt".into()], kind, &msg, None, None)] })
        }
        ErrorBody::DetailString => json!({ "detail": msg }),
        ErrorBody::Pydantic => json!({
            "detail": [{ "loc": ["body", "prompt"], "msg": "value is not valid", "type": "value_error" }]
        }),
        ErrorBody::Status => json!({ "status": msg }),
        ErrorBody::Html => Value::String(GATEWAY_PAGE.to_owned()),
        ErrorBody::Json(body) => body.clone(),
    }
}

/// An error body as an answer: a JSON string is sent as HTML, because that is what the only such body is.
pub(super) fn error_answer(status: StatusCode, body: &Value) -> Response {
    match body {
        Value::String(page) => {
            (status, [(header::CONTENT_TYPE, "text/html")], Body::from(page.clone())).into_response()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            json_answer(status, body)
        }
    }
}

/// Adds a header; one that HTTP cannot carry is left out.
pub(super) fn insert(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
