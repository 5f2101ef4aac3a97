//! DeleteQueue, with its messages, at once.

use serde::Deserialize;

use super::{broker::Broker, error::SqsError, protocol::Done, queue::Queue};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteQueue {
    queue_url: String,
}

pub(super) async fn delete_queue(broker: &Broker, request: DeleteQueue) -> Result<Done, SqsError> {
    broker
        .transact(move |tx, _| {
            let queue = Queue::by_url(tx, &request.queue_url)?;
            tx.execute("DELETE FROM queues WHERE name = ?1", [queue.name])?;
            Ok(Done {})
        })
        .await
}
