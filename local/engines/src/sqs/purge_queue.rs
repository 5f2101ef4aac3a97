//! PurgeQueue, at once and as often as you like.

use serde::Deserialize;

use super::{broker::Broker, error::SqsError, protocol::Done, queue::Queue};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PurgeQueue {
    queue_url: String,
}

pub(super) async fn purge_queue(broker: &Broker, request: PurgeQueue) -> Result<Done, SqsError> {
    broker
        .transact(move |tx, _| {
            let queue = Queue::by_url(tx, &request.queue_url)?;
            tx.execute("DELETE FROM messages WHERE queue = ?1", [queue.name])?;
            Ok(Done {})
        })
        .await
}
