//! ChangeMessageVisibility and its batch: give a message back early, or keep it longer.

use rusqlite::{OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};

use super::{
    batch::{self, Entry, Outcome},
    broker::Broker,
    error::SqsError,
    message::invalid,
    protocol::Done,
    queue::{self, Queue},
    receipt::Receipt,
};

#[derive(Deserialize)]
pub(super) struct ChangeMessageVisibility {
    #[serde(rename = "QueueUrl")]
    queue_url: String,
    #[serde(flatten)]
    change: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeMessageVisibilityBatch {
    queue_url: String,
    entries: Vec<Entry<Change>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Change {
    receipt_handle: String,
    #[serde(default)]
    visibility_timeout: i64,
}

#[derive(Serialize)]
pub(super) struct Changed {}

pub(super) async fn change_message_visibility(
    broker: &Broker,
    request: ChangeMessageVisibility,
) -> Result<Done, SqsError> {
    let queue = queue::name_of(&request.queue_url).to_owned();
    broker
        .transact(move |tx, now| {
            let queue = Queue::by_url(tx, &request.queue_url)?;
            change(tx, &queue, &request.change, now)
        })
        .await?;
    broker.wake_queue(&queue);
    Ok(Done {})
}

pub(super) async fn change_message_visibility_batch(
    broker: &Broker,
    request: ChangeMessageVisibilityBatch,
) -> Result<Outcome<Changed>, SqsError> {
    batch::check(&request.entries)?;
    let queue = queue::name_of(&request.queue_url).to_owned();
    let outcome = broker
        .transact(move |tx, now| {
            let queue = Queue::by_url(tx, &request.queue_url)?;
            batch::each(request.entries, |entry| change(tx, &queue, &entry, now))
        })
        .await?;
    broker.wake_queue(&queue);
    Ok(outcome)
}

fn change(tx: &Transaction<'_>, queue: &Queue, change: &Change, now: i64) -> Result<Changed, SqsError> {
    if !(0..=43_200).contains(&change.visibility_timeout) {
        return Err(invalid("VisibilityTimeout", "must be from 0 to 43200"));
    }
    let receipt = Receipt::from_handle(&change.receipt_handle, &queue.name)?;
    let in_flight: Option<bool> = tx
        .prepare_cached("SELECT visible_ms > ?4 FROM messages WHERE seq = ?1 AND queue = ?2 AND deliveries = ?3")?
        .query_row((receipt.seq, &queue.name, receipt.delivery, now), |row| row.get(0))
        .optional()?;
    match in_flight {
        Some(true) => {
            let hidden = change.visibility_timeout > 0;
            tx.prepare_cached("UPDATE messages SET visible_ms = ?2, in_flight = ?3 WHERE seq = ?1")?.execute((
                receipt.seq,
                now + change.visibility_timeout * 1000,
                hidden,
            ))?;
            Ok(Changed {})
        }
        Some(false) => Err(SqsError::MessageNotInflight),
        None => Err(invalid("ReceiptHandle", "the message does not exist or was delivered again")),
    }
}
