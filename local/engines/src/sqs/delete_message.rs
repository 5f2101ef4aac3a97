//! DeleteMessage and DeleteMessageBatch. A stale receipt is accepted and deletes nothing, as on AWS.

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::{
    batch::{self, Entry, Outcome},
    broker::Broker,
    error::SqsError,
    protocol::Done,
    queue::Queue,
    receipt::Receipt,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessageBatch {
    queue_url: String,
    entries: Vec<Entry<Handle>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Handle {
    receipt_handle: String,
}

#[derive(Serialize)]
pub(super) struct Deleted {}

pub(super) async fn delete_message(broker: &Broker, request: DeleteMessage) -> Result<Done, SqsError> {
    broker
        .transact(move |tx, _| {
            let queue = Queue::by_url(tx, &request.queue_url)?;
            delete(tx, &queue, &request.receipt_handle)?;
            Ok(Done {})
        })
        .await
}

pub(super) async fn delete_message_batch(
    broker: &Broker,
    request: DeleteMessageBatch,
) -> Result<Outcome<Deleted>, SqsError> {
    batch::check(&request.entries)?;
    broker
        .transact(move |tx, _| {
            let queue = Queue::by_url(tx, &request.queue_url)?;
            batch::each(request.entries, |entry| delete(tx, &queue, &entry.receipt_handle))
        })
        .await
}

fn delete(tx: &Transaction<'_>, queue: &Queue, handle: &str) -> Result<Deleted, SqsError> {
    let receipt = Receipt::from_handle(handle, &queue.name)?;
    tx.prepare_cached("DELETE FROM messages WHERE seq = ?1 AND queue = ?2 AND deliveries = ?3")?.execute((
        receipt.seq,
        &queue.name,
        receipt.delivery,
    ))?;
    Ok(Deleted {})
}
