//! ReceiveMessage: expire, redrive, deliver; and wait for messages if there are none.

use std::{pin::pin, time::Duration};

use rusqlite::{Row, Transaction};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    broker::Broker,
    error::SqsError,
    message::{self, MessageAttributes, invalid},
    queue::{self, Attributes, Queue},
    receipt::Receipt,
};
use crate::md5;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiveMessage {
    queue_url: String,
    #[serde(default = "one")]
    max_number_of_messages: i64,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    /// The old name of the next field; both are read.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
}

fn one() -> i64 {
    1
}

#[derive(Serialize)]
pub(super) struct Received {
    #[serde(rename = "Messages", skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: String,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    #[serde(skip_serializing_if = "MessageAttributes::is_empty")]
    message_attributes: MessageAttributes,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
}

/// What one look at the queue found.
struct Look {
    messages: Vec<Message>,
    /// How long the queue wants an empty receive to wait.
    queue_wait: i64,
    /// When the next message that is not visible yet will be.
    next_visible_ms: Option<i64>,
}

pub(super) async fn receive_message(broker: &Broker, request: ReceiveMessage) -> Result<Received, SqsError> {
    check(&request)?;
    let request = std::sync::Arc::new(request);
    let started = (Instant::now(), broker.now());
    loop {
        // Listening starts before looking, so a message that arrives in between is not slept through.
        let arrivals = broker.arrivals(queue::name_of(&request.queue_url));
        let mut arrival = pin!(arrivals.notified());
        arrival.as_mut().enable();

        let (twice, wanted) = (broker.delivers_twice(), std::sync::Arc::clone(&request));
        let found = broker.transact(move |tx, now| look(tx, &wanted, twice, now)).await?;
        if !found.messages.is_empty() {
            if twice {
                broker.wake();
            }
            return Ok(Received { messages: found.messages });
        }

        let wait = request.wait_time_seconds.unwrap_or(found.queue_wait);
        let until = started.0 + Duration::from_secs(wait.unsigned_abs());
        let over = Instant::now() >= until || broker.now() >= started.1 + wait * 1000;
        if over || broker.is_closed() {
            return Ok(Received { messages: Vec::new() });
        }
        let next = found.next_visible_ms.map(|at| Duration::from_millis((at - broker.now()).max(1).unsigned_abs()));
        let wake_at = next.map_or(until, |next| until.min(Instant::now() + next));
        tokio::select! {
            () = arrival => {}
            () = tokio::time::sleep_until(wake_at) => {}
        }
    }
}

fn check(request: &ReceiveMessage) -> Result<(), SqsError> {
    if !(1..=10).contains(&request.max_number_of_messages) {
        return Err(invalid("MaxNumberOfMessages", "must be from 1 to 10"));
    }
    if request.wait_time_seconds.is_some_and(|wait| !(0..=20).contains(&wait)) {
        return Err(invalid("WaitTimeSeconds", "must be from 0 to 20"));
    }
    if request.visibility_timeout.is_some_and(|timeout| !(0..=43_200).contains(&timeout)) {
        return Err(invalid("VisibilityTimeout", "must be from 0 to 43200"));
    }
    Ok(())
}

fn look(tx: &Transaction<'_>, request: &ReceiveMessage, twice: bool, now: i64) -> Result<Look, SqsError> {
    let queue = Queue::by_url(tx, &request.queue_url)?;
    tx.prepare_cached("DELETE FROM messages WHERE queue = ?1 AND sent_ms <= ?2")?
        .execute((&queue.name, now - queue.number(queue::RETENTION) * 1000))?;
    redrive(tx, &queue, now)?;

    let rows = tx
        .prepare_cached(
            "SELECT seq, id, body, attributes, sent_ms, receives, deliveries, first_received_ms, source, second
             FROM messages WHERE queue = ?1 AND visible_ms <= ?2 ORDER BY visible_ms, seq LIMIT ?3",
        )?
        .query_map((&queue.name, now, request.max_number_of_messages), Waiting::from_row)?
        .collect::<Result<Vec<_>, _>>()?;
    let visible_again =
        now + request.visibility_timeout.unwrap_or_else(|| queue.number(queue::VISIBILITY_TIMEOUT)) * 1000;
    let mut messages = Vec::new();
    for row in rows {
        tx.prepare_cached(
            "UPDATE messages SET visible_ms = ?2, receives = receives + 1, deliveries = deliveries + 1,
                    in_flight = 1, first_received_ms = coalesce(first_received_ms, ?3) WHERE seq = ?1",
        )?
        .execute((row.seq, visible_again, now))?;
        if twice && !row.second {
            leave_second(tx, row.seq, now)?;
        }
        messages.push(row.deliver(&queue, request, now)?);
    }
    let next_visible_ms = tx
        .prepare_cached("SELECT min(visible_ms) FROM messages WHERE queue = ?1")?
        .query_row([&queue.name], |row| row.get(0))?;
    Ok(Look { messages, queue_wait: queue.number(queue::RECEIVE_WAIT), next_visible_ms })
}

/// Moves what was received too often. Id, body, attributes and sent time stay; the count starts again.
fn redrive(tx: &Transaction<'_>, queue: &Queue, now: i64) -> Result<(), SqsError> {
    let Some(policy) = queue.redrive() else { return Ok(()) };
    let exhausted = "queue = ?1 AND visible_ms <= ?2 AND receives >= ?3";
    tx.prepare_cached(&format!("DELETE FROM messages WHERE second = 1 AND {exhausted}"))?.execute((
        &queue.name,
        now,
        policy.max_receive_count,
    ))?;
    // Like AWS: if the dead-letter queue is gone, the message stays where it is.
    if Queue::by_name(tx, policy.target())?.is_some() {
        tx.prepare_cached(&format!(
            "UPDATE messages SET queue = ?4, source = ?1, visible_ms = ?2, receives = 0, in_flight = 0 WHERE {exhausted}"
        ))?
        .execute((&queue.name, now, policy.max_receive_count, policy.target()))?;
    }
    Ok(())
}

/// Leaves a second delivery behind, unless one is already there.
fn leave_second(tx: &Transaction<'_>, seq: i64, now: i64) -> Result<(), SqsError> {
    tx.prepare_cached(
        "INSERT INTO messages (queue, id, body, attributes, sent_ms, visible_ms, first_received_ms, source, second)
         SELECT queue, id, body, attributes, sent_ms, ?2, first_received_ms, source, 1 FROM messages AS first
         WHERE seq = ?1 AND NOT EXISTS (
             SELECT 1 FROM messages WHERE queue = first.queue AND id = first.id AND second = 1
         )",
    )?
    .execute((seq, now))?;
    Ok(())
}

/// A message as it lies in the queue, before this delivery.
struct Waiting {
    seq: i64,
    id: String,
    body: String,
    attributes: String,
    sent_ms: i64,
    receives: i64,
    deliveries: i64,
    first_received_ms: Option<i64>,
    source: Option<String>,
    second: bool,
}

impl Waiting {
    fn from_row(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            seq: row.get(0)?,
            id: row.get(1)?,
            body: row.get(2)?,
            attributes: row.get(3)?,
            sent_ms: row.get(4)?,
            receives: row.get(5)?,
            deliveries: row.get(6)?,
            first_received_ms: row.get(7)?,
            source: row.get(8)?,
            second: row.get(9)?,
        })
    }

    fn deliver(self, queue: &Queue, request: &ReceiveMessage, now: i64) -> Result<Message, SqsError> {
        let mut message_attributes: MessageAttributes =
            serde_json::from_str(&self.attributes).map_err(SqsError::Corrupt)?;
        message_attributes.retain(|name, _| wants(&request.message_attribute_names, name));
        let mut attributes = Attributes::from(
            [
                ("SenderId", queue::ACCOUNT.to_owned()),
                ("SentTimestamp", self.sent_ms.to_string()),
                ("ApproximateReceiveCount", (self.receives + 1).to_string()),
                ("ApproximateFirstReceiveTimestamp", self.first_received_ms.unwrap_or(now).to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        if let Some(source) = &self.source {
            attributes.insert("DeadLetterQueueSourceArn".to_owned(), queue::arn(source));
        }
        let wanted = [&request.attribute_names[..], &request.message_system_attribute_names].concat();
        attributes.retain(|name, _| wanted.iter().any(|wanted| wanted == "All" || wanted == name));
        let receipt = Receipt { queue: queue.name.clone(), seq: self.seq, delivery: self.deliveries + 1 };
        Ok(Message {
            message_id: self.id,
            receipt_handle: receipt.to_handle(),
            md5_of_body: md5::hex(self.body.as_bytes()),
            body: self.body,
            attributes,
            md5_of_message_attributes: message::attributes_md5(&message_attributes),
            message_attributes,
        })
    }
}

/// `All` and `.*` mean every attribute, `prefix.*` those that start so.
fn wants(wanted: &[String], name: &str) -> bool {
    wanted.iter().any(|wanted| match wanted.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => wanted == "All" || wanted == name,
    })
}
