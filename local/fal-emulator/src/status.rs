//! `GET …/requests/{id}/status`: 202 while it waits or runs, 200 once it is over.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    answer::{insert, json_answer, not_found},
    emulation::Emulation,
    request::{Request, State},
    route::RequestUrls,
};

/// `logs` in both vocabularies: `1`/`0` of the JavaScript client, `true`/`false` of the Python one.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct StatusQuery {
    logs: Option<String>,
}

impl StatusQuery {
    pub(super) fn wants_logs(&self) -> bool {
        matches!(self.logs.as_deref(), Some("1" | "true" | "True"))
    }
}

pub(super) fn status(emulation: &Emulation, id: &str, query: &StatusQuery) -> Response {
    let Some((body, finished)) = status_body(emulation, id, query.wants_logs()) else { return not_found() };
    let mut answer = json_answer(if finished { StatusCode::OK } else { StatusCode::ACCEPTED }, &body);
    insert(&mut answer, "x-fal-request-id", id);
    answer
}

/// The status object, and whether it is the last one. `None` for an id that fal does not know.
pub(super) fn status_body(emulation: &Emulation, id: &str, with_logs: bool) -> Option<(Value, bool)> {
    let book = emulation.book();
    let request = book.get(id).filter(|request| !request.result_is_gone(emulation.clock.now()))?;
    let urls = RequestUrls::new(&emulation.origin, &request.endpoint, id);
    let mut body = Map::from_iter([
        ("request_id".to_owned(), json!(id)),
        ("response_url".to_owned(), json!(urls.response)),
        ("status_url".to_owned(), json!(urls.status)),
        ("cancel_url".to_owned(), json!(urls.cancel)),
        ("logs".to_owned(), if with_logs { logs(request) } else { Value::Null }),
    ]);
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    match &request.state {
        State::Queued => {
            set("status", json!("IN_QUEUE"));
            set("queue_position", json!(book.position(id)));
            set("metrics", json!({}));
            Some((Value::Object(body), false))
        }
        State::Running { .. } => {
            set("status", json!("IN_PROGRESS"));
            set("metrics", json!({}));
            Some((Value::Object(body), false))
        }
        State::Completed(completed) => {
            set("status", json!("COMPLETED"));
            set("metrics", json!({ "inference_time": completed.inference_seconds }));
            if let Some(failure) = &completed.failure {
                set("error", json!(failure.message));
                set("error_type", json!(failure.error_type));
            }
            Some((Value::Object(body), true))
        }
    }
}

fn logs(request: &Request) -> Value {
    let line = |at: jiff::Timestamp, message: &str| {
        json!({
            "message": message,
            "timestamp": format!("{at:.3}"),
            "level": "INFO",
            "source": "USER",
        })
    };
    match &request.state {
        State::Queued => json!([]),
        State::Running { started_at } => json!([line(*started_at, "loading the weights")]),
        State::Completed(completed) => json!([
            line(request.accepted_at, "loading the weights"),
            line(completed.at, if completed.failure.is_some() { "failed" } else { "100%|##########| done" }),
        ]),
    }
}
