//! StartMessageMoveTask and ListMessageMoveTasks: back from a dead-letter queue. Moved messages are new ones, with new
//! ids and times, as on AWS. The task is over when the call returns, so there is nothing to cancel.

use likeness_domain::rng::Rng;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::{
    broker::{self, Broker},
    error::SqsError,
    message::invalid,
    queue::{self, Queue},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartMessageMoveTask {
    source_arn: String,
    /// Where each message came from if absent.
    destination_arn: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Started {
    task_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListMessageMoveTasks {
    source_arn: String,
    #[serde(default = "one")]
    max_results: u32,
}

fn one() -> u32 {
    1
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tasks {
    results: Vec<Task>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    status: &'static str,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    approximate_number_of_messages_moved: i64,
    approximate_number_of_messages_to_move: i64,
    started_timestamp: i64,
}

pub(super) async fn start_message_move_task(
    broker: &Broker,
    request: StartMessageMoveTask,
) -> Result<Started, SqsError> {
    let rng = broker.rng();
    let task = broker.transact(move |tx, now| move_messages(tx, &request, &rng, now)).await?;
    broker.wake();
    Ok(Started { task_handle: format!("task-{task}") })
}

fn move_messages(tx: &Transaction<'_>, request: &StartMessageMoveTask, rng: &Rng, now: i64) -> Result<i64, SqsError> {
    let source = Queue::by_arn(tx, &request.source_arn, "SourceArn")?;
    if !is_dead_letter_queue(tx, &source.name)? {
        return Err(invalid("SourceArn", "source queue must be configured as a dead letter queue"));
    }
    let destination =
        request.destination_arn.as_deref().map(|arn| Queue::by_arn(tx, arn, "DestinationArn")).transpose()?;
    let destination = destination.map(|queue| queue.name);
    let movable: Vec<i64> = tx
        .prepare(
            "SELECT seq FROM messages
             WHERE queue = ?1 AND visible_ms <= ?3 AND coalesce(?2, source) IN (SELECT name FROM queues)",
        )?
        .query_map((&source.name, &destination, now), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for seq in &movable {
        tx.prepare_cached(
            "UPDATE messages SET queue = coalesce(?2, source), id = ?4, sent_ms = ?3, visible_ms = ?3, receives = 0, in_flight = 0,
                    first_received_ms = NULL, source = NULL WHERE seq = ?1",
        )?
        .execute((seq, &destination, now, broker::message_id(rng)))?;
    }
    tx.execute(
        "INSERT INTO move_tasks (source, destination, moved, started_ms) VALUES (?1, ?2, ?3, ?4)",
        (&source.name, &destination, movable.len(), now),
    )?;
    Ok(tx.last_insert_rowid())
}

fn is_dead_letter_queue(tx: &Transaction<'_>, name: &str) -> Result<bool, SqsError> {
    let policies: Vec<String> =
        tx.prepare("SELECT name FROM queues")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for policy in policies {
        let queue = Queue::by_name(tx, &policy)?;
        if queue.and_then(|queue| queue.redrive()).is_some_and(|policy| policy.target() == name) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) async fn list_message_move_tasks(broker: &Broker, request: ListMessageMoveTasks) -> Result<Tasks, SqsError> {
    let results = broker
        .transact(move |tx, _| {
            let source = Queue::by_arn(tx, &request.source_arn, "SourceArn")?;
            let mut query = tx.prepare(
                "SELECT destination, moved, started_ms FROM move_tasks WHERE source = ?1 ORDER BY seq DESC LIMIT ?2",
            )?;
            let tasks = query.query_map((source.name, request.max_results.clamp(1, 10)), |row| {
                let moved = row.get(1)?;
                Ok(Task {
                    status: "COMPLETED",
                    source_arn: request.source_arn.clone(),
                    destination_arn: row.get::<_, Option<String>>(0)?.map(|name| queue::arn(&name)),
                    approximate_number_of_messages_moved: moved,
                    approximate_number_of_messages_to_move: moved,
                    started_timestamp: row.get(2)?,
                })
            })?;
            Ok(tasks.collect::<Result<_, _>>()?)
        })
        .await?;
    Ok(Tasks { results })
}
