//! `PUT …/requests/{id}/cancel`.
//!
//! A request taken out of the line calls no webhook; one that was running does, with its 499. fal documents neither.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::{
    answer::{json_answer, not_found, request_error_body},
    book::Cancelled,
    emulation::Emulation,
    request::{Completed, Failure},
    runner::conclude,
};

pub(super) fn cancel(emulation: &Arc<Emulation>, id: &str) -> Response {
    let cancelled = emulation.book().cancel(id, cancelled(emulation));
    let (status, word) = match cancelled {
        Cancelled::Unknown => return not_found(),
        Cancelled::TooLate => (StatusCode::BAD_REQUEST, "ALREADY_COMPLETED"),
        Cancelled::Removed => (StatusCode::OK, "OK"),
        Cancelled::Signalled => (StatusCode::ACCEPTED, "CANCELLATION_REQUESTED"),
        Cancelled::Refused => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
    };
    emulation.book().note_cancel(id, status.as_u16());
    conclude(emulation, id);
    json_answer(status, &json!({ "status": word }))
}

fn cancelled(emulation: &Emulation) -> Completed {
    let text = "Request was cancelled by the client";
    Completed {
        at: emulation.clock.now(),
        status: 499,
        body: request_error_body("client_cancelled", text),
        headers: vec![("x-fal-error-type".to_owned(), "client_cancelled".to_owned())],
        failure: Some(Failure { message: text.to_owned(), error_type: Some("client_cancelled".to_owned()) }),
        billable_units: 0.0,
        inference_seconds: None,
    }
}
