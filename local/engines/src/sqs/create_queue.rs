//! CreateQueue: idempotent for the same attributes, a conflict for others.

use serde::{Deserialize, Serialize};

use super::{
    broker::Broker,
    error::SqsError,
    queue::{self, Attributes, Queue},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateQueue {
    queue_name: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Created {
    queue_url: String,
}

pub(super) async fn create_queue(broker: &Broker, request: CreateQueue) -> Result<Created, SqsError> {
    let CreateQueue { queue_name: name, attributes } = request;
    if name.ends_with(".fifo") {
        return Err(queue::fifo());
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !(1..=80).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(SqsError::InvalidParameterValue {
            name: "QueueName",
            reason: "1 to 80 alphanumeric characters, hyphens or underscores".to_owned(),
        });
    }
    let queue_url = broker.queue_url(&name);
    broker
        .transact(move |tx, now| {
            queue::check(tx, &attributes)?;
            if let Some(existing) = Queue::by_name(tx, &name)? {
                let effective = existing.effective();
                return match attributes.iter().find(|&(name, value)| effective.get(name) != Some(value)) {
                    Some((different, _)) => Err(SqsError::QueueNameExists(different.clone())),
                    None => Ok(()),
                };
            }
            let attributes = serde_json::to_string(&attributes).map_err(SqsError::Corrupt)?;
            tx.execute("INSERT INTO queues VALUES (?1, ?2, ?3, ?3)", (name, attributes, now))?;
            Ok(())
        })
        .await?;
    Ok(Created { queue_url })
}
