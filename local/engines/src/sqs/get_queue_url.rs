//! GetQueueUrl.

use serde::{Deserialize, Serialize};

use super::{broker::Broker, error::SqsError, queue::Queue};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueUrl {
    queue_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueueUrl {
    queue_url: String,
}

pub(super) async fn get_queue_url(broker: &Broker, request: GetQueueUrl) -> Result<QueueUrl, SqsError> {
    let queue_url = broker.queue_url(&request.queue_name);
    broker.transact(move |tx, _| Queue::by_url(tx, &request.queue_name).map(drop)).await?;
    Ok(QueueUrl { queue_url })
}
