//! `/_emulator/…`: what tests in any language read and script. No part of fal.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::Value;

use super::{
    answer::detail,
    emulation::{Emulation, Violation},
    faults::{Armed, FaultRule},
    ledger::LedgerEntry,
};

/// `GET /_emulator/ledger`.
pub(super) async fn ledger(State(emulation): State<Arc<Emulation>>) -> Json<Vec<LedgerEntry>> {
    Json(emulation.book().iter().map(LedgerEntry::of).collect())
}

/// `GET /_emulator/faults`.
pub(super) async fn faults(State(emulation): State<Arc<Emulation>>) -> Json<Vec<Armed>> {
    Json(emulation.faults.rules())
}

/// `POST /_emulator/faults`.
pub(super) async fn add_faults(
    State(emulation): State<Arc<Emulation>>,
    body: Result<Json<Value>, JsonRejection>,
) -> Response {
    let Ok(Json(body)) = body else { return detail(StatusCode::BAD_REQUEST, "a rule or a list of rules as JSON") };
    let rules: Result<Vec<FaultRule>, _> = match body {
        Value::Array(rules) => rules.into_iter().map(serde_json::from_value).collect(),
        rule => serde_json::from_value(rule).map(|rule| vec![rule]),
    };
    match rules {
        Ok(rules) => {
            for rule in rules {
                emulation.faults.add(rule);
            }
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => detail(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// `DELETE /_emulator/faults`.
pub(super) async fn clear_faults(State(emulation): State<Arc<Emulation>>) -> StatusCode {
    emulation.faults.clear();
    StatusCode::NO_CONTENT
}

/// `POST /_emulator/release`.
pub(super) async fn release(State(emulation): State<Arc<Emulation>>) -> StatusCode {
    emulation.release();
    StatusCode::NO_CONTENT
}

/// `GET /_emulator/violations`.
pub(super) async fn violations(State(emulation): State<Arc<Emulation>>) -> Json<Vec<Violation>> {
    Json(emulation.violations())
}
