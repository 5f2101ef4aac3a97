//! GetQueueAttributes: what was set, the defaults, and the counts.

use serde::{Deserialize, Serialize};

use super::{
    broker::Broker,
    error::SqsError,
    queue::{self, Attributes, Queue},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueAttributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Found {
    attributes: Attributes,
}

pub(super) async fn get_queue_attributes(broker: &Broker, request: GetQueueAttributes) -> Result<Found, SqsError> {
    let (queue, depth) = broker
        .transact(move |tx, now| {
            let queue = Queue::by_url(tx, &request.queue_url)?;
            let depth = queue::depth(tx, &queue.name, now)?;
            Ok((queue, depth))
        })
        .await?;
    let mut attributes = queue.effective();
    attributes.extend(
        [
            ("QueueArn", queue::arn(&queue.name)),
            ("ApproximateNumberOfMessages", depth.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", depth.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string()),
            ("CreatedTimestamp", (queue.created_ms / 1000).to_string()),
            ("LastModifiedTimestamp", (queue.modified_ms / 1000).to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    let wanted = request.attribute_names;
    if !wanted.iter().any(|name| name == "All") {
        attributes.retain(|name, _| wanted.contains(name));
    }
    Ok(Found { attributes })
}
