//! `GET …/requests/{id}/status/stream`: the status as server-sent events, one per change, closed after `COMPLETED`.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::header;
use serde_json::Value;
use tokio::time::{Duration, timeout};

use super::{
    answer::not_found,
    emulation::Emulation,
    status::{StatusQuery, status_body},
};

/// The pause after which a comment keeps the connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

struct Progress {
    emulation: Arc<Emulation>,
    id: String,
    with_logs: bool,
    sent: Option<Value>,
    finished: bool,
}

pub(super) fn status_stream(emulation: Arc<Emulation>, id: &str, query: &StatusQuery) -> Response {
    if emulation.book().get(id).is_none() {
        return not_found();
    }
    let stopping = emulation.stopping();
    let start = Progress { emulation, id: id.to_owned(), with_logs: query.wants_logs(), sent: None, finished: false };
    let events = futures_util::StreamExt::take_until(stream::unfold(start, next_event), Box::pin(stopping));
    ([(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")], Body::from_stream(events))
        .into_response()
}

async fn next_event(mut progress: Progress) -> Option<(Result<Bytes, Infallible>, Progress)> {
    if progress.finished {
        return None;
    }
    let changed = progress.emulation.until(|emulation| {
        status_body(emulation, &progress.id, progress.with_logs).map(|(body, _)| body) != progress.sent
    });
    if timeout(KEEP_ALIVE, changed).await.is_err() {
        return Some((Ok(Bytes::from_static(b": keep-alive\n\n")), progress));
    }
    let (body, finished) = status_body(&progress.emulation, &progress.id, progress.with_logs)?;
    let event = Bytes::from(format!("data: {body}\n\n"));
    progress.sent = Some(body);
    progress.finished = finished;
    Some((Ok(event), progress))
}
