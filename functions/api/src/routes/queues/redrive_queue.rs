//! `POST /api/v1/queues/{queue}/redrive`: what was given up goes back into its queue, and is attended to once more. Messages
//! are hints, so one that comes twice or too late does no harm; one that nobody can read is given up again.
//!
//! Journey: `tests/it/journeys/dead_letters.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use likeness_core::{backlog::QueueName, project::Scope};
use serde::Serialize;

use crate::{access::Caller, app::App, problem::ApiError, request::extract::Path};

#[derive(Debug, Serialize)]
pub(crate) struct Redrive {
    queue: &'static str,
    /// About how many messages are moved.
    messages: u64,
}

pub(crate) async fn redrive_queue(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(queue): Path<String>,
) -> Result<(StatusCode, Json<Redrive>), ApiError> {
    caller.has_scope(Scope::Admin, "a key with the scope `admin`")?;
    let queue: QueueName = queue.parse().map_err(|_| ApiError::NotFound { what: "queue" })?;
    let messages = app.backlog.redrive(queue).await?;
    tracing::info!(event = "redriven", queue = queue.name(), messages, "dead letters go back");
    Ok((StatusCode::ACCEPTED, Json(Redrive { queue: queue.name(), messages })))
}
