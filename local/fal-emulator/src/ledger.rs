//! What was accepted, what became of it, and what it costs: the account that tests compare theirs with.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::request::{Hints, Request, State};

/// One accepted request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LedgerEntry {
    /// The id that the submit returned, or would have.
    pub request_id: String,
    /// The full endpoint id.
    pub endpoint: String,
    /// The model input as it came.
    pub input: Value,
    /// The headers of note.
    pub hints: Hints,
    /// Where the webhook goes.
    pub webhook_url: Option<String>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it was over.
    pub completed_at: Option<Timestamp>,
    pub outcome: LedgerOutcome,
    /// In the model's unit; 0 until it is completed.
    pub billable_units: f64,
    /// The addresses of the pictures that it brought.
    pub pictures: Vec<String>,
    /// The status code of each webhook call so far; 0 when there was no answer.
    pub webhook_deliveries: Vec<u16>,
    /// The status code of the answer to each cancel.
    pub cancels: Vec<u16>,
}

/// How a request stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerOutcome {
    /// Waits for a place.
    Queued,
    Running,
    /// Ended with 200.
    Succeeded,
    /// Ended otherwise; 499 is a cancel.
    Failed {
        /// The status of the result.
        status: u16,
        /// Of an infrastructure error.
        error_type: Option<String>,
    },
}

impl LedgerEntry {
    pub(super) fn of(request: &Request) -> Self {
        let (outcome, billable_units) = match &request.state {
            State::Queued => (LedgerOutcome::Queued, 0.0),
            State::Running { .. } => (LedgerOutcome::Running, 0.0),
            State::Completed(completed) => match &completed.failure {
                None => (LedgerOutcome::Succeeded, completed.billable_units),
                Some(failure) => {
                    let error_type = failure.error_type.clone();
                    (LedgerOutcome::Failed { status: completed.status, error_type }, completed.billable_units)
                }
            },
        };
        let completed_at = match &request.state {
            State::Queued | State::Running { .. } => None,
            State::Completed(completed) => Some(completed.at),
        };
        Self {
            request_id: request.id.clone(),
            endpoint: request.endpoint.clone(),
            input: request.input.clone(),
            hints: request.hints.clone(),
            webhook_url: request.webhook_url.clone(),
            accepted_at: request.accepted_at,
            completed_at,
            outcome,
            billable_units,
            pictures: pictures(&request.state),
            webhook_deliveries: request.deliveries.clone(),
            cancels: request.cancels.clone(),
        }
    }
}

/// Of a success; a picture that was sent in line has no address, and is told by its beginning.
fn pictures(state: &State) -> Vec<String> {
    let State::Completed(completed) = state else { return Vec::new() };
    if completed.failure.is_some() {
        return Vec::new();
    }
    let images = completed.body.get("images").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let urls = images.iter().filter_map(|image| image.get("url")?.as_str());
    urls.map(|url| if url.starts_with("data:") { "in line".to_owned() } else { url.to_owned() }).collect()
}
