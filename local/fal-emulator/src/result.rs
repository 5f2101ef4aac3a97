//! `GET …/requests/{id}`: the model's own status code, headers and body.

use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};

use super::{
    answer::{detail, error_answer, insert, not_found},
    emulation::Emulation,
    request::{Completed, State},
};

pub(super) fn result(emulation: &Emulation, id: &str) -> Response {
    let book = emulation.book();
    let Some(request) = book.get(id).filter(|request| !request.result_is_gone(emulation.clock.now())) else {
        return not_found();
    };
    match &request.state {
        State::Queued | State::Running { .. } => {
            let mut answer = detail(StatusCode::BAD_REQUEST, "Request is still in progress");
            insert(&mut answer, "x-fal-request-id", id);
            answer
        }
        State::Completed(completed) => answer(id, completed),
    }
}

/// A completed run as an answer, for the queue and for `run` alike.
pub(super) fn answer(id: &str, completed: &Completed) -> Response {
    let status = StatusCode::from_u16(completed.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = error_answer(status, &completed.body);
    insert(&mut answer, "x-fal-request-id", id);
    insert(&mut answer, "x-fal-billable-units", &completed.billable_units.to_string());
    for (name, value) in &completed.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}
