//! AWS JSON 1.0: one POST for everything, the operation in a header.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::any,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    broker::Broker, change_message_visibility, create_queue, delete_message, delete_queue, error::SqsError,
    get_queue_attributes, get_queue_url, list_queues, purge_queue, receive_message, send_message, set_queue_attributes,
    start_message_move_task,
};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
/// A batch of 1 MiB, with room for its JSON escapes.
const MAX_REQUEST_BYTES: usize = 8 << 20;

/// The whole service; the path is ignored, since some clients post to the queue's URL and some to the endpoint.
pub(super) fn router(broker: Arc<Broker>) -> Router {
    Router::new().fallback(any(call)).layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES)).with_state(broker)
}

async fn call(State(broker): State<Arc<Broker>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = match dispatch(&broker, &headers, &body).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    response
}

async fn dispatch(broker: &Broker, headers: &HeaderMap, body: &[u8]) -> Result<Response, SqsError> {
    let target = headers.get(TARGET).and_then(|target| target.to_str().ok()).unwrap_or("no X-Amz-Target");
    match target.strip_prefix("AmazonSQS.").unwrap_or(target) {
        "CreateQueue" => answer(create_queue::create_queue(broker, read(body)?).await?),
        "GetQueueUrl" => answer(get_queue_url::get_queue_url(broker, read(body)?).await?),
        "ListQueues" => answer(list_queues::list_queues(broker, read(body)?).await?),
        "DeleteQueue" => answer(delete_queue::delete_queue(broker, read(body)?).await?),
        "PurgeQueue" => answer(purge_queue::purge_queue(broker, read(body)?).await?),
        "GetQueueAttributes" => answer(get_queue_attributes::get_queue_attributes(broker, read(body)?).await?),
        "SetQueueAttributes" => answer(set_queue_attributes::set_queue_attributes(broker, read(body)?).await?),
        "SendMessage" => answer(send_message::send_message(broker, read(body)?).await?),
        "SendMessageBatch" => answer(send_message::send_message_batch(broker, read(body)?).await?),
        "ReceiveMessage" => answer(receive_message::receive_message(broker, read(body)?).await?),
        "DeleteMessage" => answer(delete_message::delete_message(broker, read(body)?).await?),
        "DeleteMessageBatch" => answer(delete_message::delete_message_batch(broker, read(body)?).await?),
        "ChangeMessageVisibility" => {
            answer(change_message_visibility::change_message_visibility(broker, read(body)?).await?)
        }
        "ChangeMessageVisibilityBatch" => {
            answer(change_message_visibility::change_message_visibility_batch(broker, read(body)?).await?)
        }
        "StartMessageMoveTask" => answer(start_message_move_task::start_message_move_task(broker, read(body)?).await?),
        "ListMessageMoveTasks" => answer(start_message_move_task::list_message_move_tasks(broker, read(body)?).await?),
        operation => Err(SqsError::UnsupportedOperation(format!("this engine does not know {operation}"))),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body).map_err(SqsError::Malformed)
}

fn answer(value: impl Serialize) -> Result<Response, SqsError> {
    Ok(Json(value).into_response())
}

/// The answer of an operation that has nothing to say.
#[derive(Serialize)]
pub(super) struct Done {}
