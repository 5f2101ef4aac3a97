//! SendMessage and SendMessageBatch.

use likeness_domain::rng::Rng;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::{
    batch::{self, Entry, Outcome},
    broker::{self, Broker},
    error::SqsError,
    message::{self, MessageAttributes, invalid},
    queue::{self, Queue},
};
use crate::md5;

#[derive(Deserialize)]
pub(super) struct SendMessage {
    #[serde(rename = "QueueUrl")]
    queue_url: String,
    #[serde(flatten)]
    message: Outgoing,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessageBatch {
    queue_url: String,
    entries: Vec<Entry<Outgoing>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Outgoing {
    message_body: String,
    /// The queue's own delay if absent.
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: MessageAttributes,
    #[serde(default)]
    message_system_attributes: MessageAttributes,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Sent {
    #[serde(rename = "MessageId")]
    message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    md5_of_message_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
}

pub(super) async fn send_message(broker: &Broker, request: SendMessage) -> Result<Sent, SqsError> {
    let (rng, queue) = (broker.rng(), queue::name_of(&request.queue_url).to_owned());
    let sent = broker
        .transact(move |tx, now| {
            let queue = Queue::by_url(tx, &request.queue_url)?;
            insert(tx, &queue, &rng, &request.message, now)
        })
        .await?;
    broker.wake_queue(&queue);
    Ok(sent)
}

pub(super) async fn send_message_batch(broker: &Broker, request: SendMessageBatch) -> Result<Outcome<Sent>, SqsError> {
    batch::check(&request.entries)?;
    let bytes = request.entries.iter().map(|entry| entry.item.message_body.len()).sum();
    if bytes > message::MAX_BYTES {
        return Err(SqsError::BatchRequestTooLong { sent: bytes });
    }
    let (rng, queue) = (broker.rng(), queue::name_of(&request.queue_url).to_owned());
    let outcome = broker
        .transact(move |tx, now| {
            let queue = Queue::by_url(tx, &request.queue_url)?;
            batch::each(request.entries, |item| insert(tx, &queue, &rng, &item, now))
        })
        .await?;
    broker.wake_queue(&queue);
    Ok(outcome)
}

fn insert(tx: &Transaction<'_>, queue: &Queue, rng: &Rng, message: &Outgoing, now: i64) -> Result<Sent, SqsError> {
    let Outgoing { message_body: body, message_attributes: attributes, .. } = message;
    let bytes = message::check(body, attributes)?;
    if bytes as i64 > queue.number(queue::MAXIMUM_MESSAGE_SIZE) {
        return Err(invalid("MessageBody", "longer than the queue's MaximumMessageSize"));
    }
    let delay = message.delay_seconds.unwrap_or_else(|| queue.number(queue::DELAY_SECONDS));
    if !(0..=900).contains(&delay) {
        return Err(invalid("DelaySeconds", "must be from 0 to 900"));
    }
    // Silently dropping what the caller asked for would be worse than refusing it.
    if message.message_deduplication_id.is_some() || message.message_group_id.is_some() {
        return Err(queue::fifo());
    }
    if !message.message_system_attributes.is_empty() {
        return Err(SqsError::UnsupportedOperation("this engine has no message system attributes".to_owned()));
    }
    let message_id = broker::message_id(rng);
    let stored = serde_json::to_string(attributes).map_err(SqsError::Corrupt)?;
    tx.prepare_cached(
        "INSERT INTO messages (queue, id, body, attributes, sent_ms, visible_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((&queue.name, &message_id, body, stored, now, now + delay * 1000))?;
    Ok(Sent {
        message_id,
        md5_of_message_body: md5::hex(body.as_bytes()),
        md5_of_message_attributes: message::attributes_md5(attributes),
    })
}
