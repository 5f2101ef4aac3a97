//! SetQueueAttributes: the named ones change, the others stay, an empty value removes.

use serde::Deserialize;

use super::{
    broker::Broker,
    error::SqsError,
    protocol::Done,
    queue::{self, Attributes, Queue},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetQueueAttributes {
    queue_url: String,
    attributes: Attributes,
}

pub(super) async fn set_queue_attributes(broker: &Broker, request: SetQueueAttributes) -> Result<Done, SqsError> {
    broker
        .transact(move |tx, now| {
            let mut queue = Queue::by_url(tx, &request.queue_url)?;
            queue::check(tx, &request.attributes)?;
            queue.attributes.extend(request.attributes);
            queue.attributes.retain(|_, value| !value.is_empty());
            let attributes = serde_json::to_string(&queue.attributes).map_err(SqsError::Corrupt)?;
            tx.execute(
                "UPDATE queues SET attributes = ?2, modified_ms = ?3 WHERE name = ?1",
                (queue.name, attributes, now),
            )?;
            Ok(Done {})
        })
        .await
}
