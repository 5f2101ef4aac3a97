//! `POST /api/v1/queues/{queue}/redrive`: what was given up goes back into its queue, and is attended to once more. Messages
//! are wake-up messages, so one that comes twice or too late does no harm; one that cannot be read is given up again.
//!
//! Journey: `tests/it/journeys/dead_letters.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use likeness_core::clients::queue_admin::QueueName;
use serde::Serialize;

use crate::{
    access::{Admin, Key},
    app::App,
    headers::{
        idempotency::idempotency,
        once::{Owner, claim, earlier},
    },
    problem::ApiError,
    request::path::Named,
};

#[derive(Debug, Serialize)]
pub(crate) struct Redrive {
    queue: &'static str,
    /// About how many messages are moved.
    messages: u64,
}

pub(crate) async fn redrive_queue(
    State(app): State<Arc<App>>,
    Key { caller, .. }: Key<Admin>,
    Named(queue): Named<QueueName>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Redrive>), ApiError> {
    let idempotency = idempotency(&headers, &format!("queues/{}/redrive", queue.name()), "")?;
    let (owner, now) = (Owner::User(&caller.user), app.clock.now());
    // What died since the first call was not meant by it.
    if let Some(messages) = earlier(&app, owner, idempotency.as_ref(), now).await? {
        return Ok((StatusCode::ACCEPTED, Json(Redrive { queue: queue.name(), messages })));
    }
    // Claimed afterwards: a key claimed before would stand for a redrive that failed, and one more redrive does no harm.
    let moved = app.backlog.redrive(queue).await?;
    let messages = claim(&app, owner, idempotency.as_ref(), moved, now).await?;
    tracing::info!(event = "redriven", queue = queue.name(), messages, key.id = caller.name(), "dead letters go back");
    Ok((StatusCode::ACCEPTED, Json(Redrive { queue: queue.name(), messages })))
}
