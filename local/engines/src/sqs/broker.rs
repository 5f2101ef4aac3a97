//! The state that all operations share: the database, the clock, and the receives that wait for messages.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use likeness_domain::{clock::Clock, rng::Rng};
use rusqlite::Transaction;
use tokio::sync::Notify;

use super::{error::SqsError, queue};
use crate::sqlite::Sqlite;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS queues (
        name TEXT PRIMARY KEY,
        attributes TEXT NOT NULL, -- JSON, only what was set
        created_ms INTEGER NOT NULL,
        modified_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, so a receipt cannot name another message
        queue TEXT NOT NULL REFERENCES queues (name) ON DELETE CASCADE,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL, -- JSON
        sent_ms INTEGER NOT NULL,
        visible_ms INTEGER NOT NULL,
        receives INTEGER NOT NULL DEFAULT 0, -- in this queue
        deliveries INTEGER NOT NULL DEFAULT 0, -- in its life; the newest receipt carries it
        first_received_ms INTEGER,
        source TEXT, -- the queue from which it came to this dead-letter queue
        second INTEGER NOT NULL DEFAULT 0, -- 1: the second delivery of a message
        in_flight INTEGER NOT NULL DEFAULT 0 -- 1: received, and neither deleted nor given back since
    ) STRICT;
    CREATE INDEX IF NOT EXISTS messages_visible ON messages (queue, visible_ms, seq);
    CREATE INDEX IF NOT EXISTS messages_sent ON messages (queue, sent_ms);
    CREATE TABLE IF NOT EXISTS move_tasks (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL, -- queue name
        destination TEXT, -- queue name; NULL: where each message came from
        moved INTEGER NOT NULL,
        started_ms INTEGER NOT NULL
    ) STRICT;
";

/// Readings of the clock by several threads may be so many milliseconds out of order without the clock being set back.
const CLOCK_TOLERANCE: i64 = 1000;
/// The longest delay of a message, in milliseconds.
const LONGEST_DELAY: i64 = 900_000;

/// The queues, and what an operation needs besides its request.
pub(super) struct Broker {
    database: Sqlite,
    clock: Clock,
    rng: Rng,
    endpoint: String,
    /// Of each queue that a receive has waited for: notified whenever a message in it may have become visible.
    arrivals: Mutex<HashMap<String, Arc<Notify>>>,
    /// The time of the latest transaction, in milliseconds since 1970.
    latest: AtomicI64,
    twice: AtomicBool,
    closed: AtomicBool,
}

impl Broker {
    /// Opens the queues and makes visible what was in flight.
    pub(super) async fn open(file: Option<&Path>, endpoint: String, clock: Clock) -> Result<Self, rusqlite::Error> {
        let broker = Self {
            database: Sqlite::open(file, SCHEMA)?,
            latest: AtomicI64::new(clock.now().as_millisecond()),
            clock,
            rng: Rng::from_os(),
            endpoint,
            arrivals: Mutex::default(),
            twice: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        };
        let now = broker.now();
        broker.database.add_column("messages", "in_flight INTEGER NOT NULL DEFAULT 0")?;
        broker.database.transact(move |tx| recover(tx, now)).await?;
        Ok(broker)
    }

    /// Milliseconds since 1970, by the injected clock.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// Does `work` in one transaction; its second argument is the time.
    pub(super) async fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, i64) -> Result<T, SqsError> + Send + 'static,
    ) -> Result<T, SqsError> {
        let now = self.now();
        let set_back = self.latest.swap(now, Ordering::AcqRel) - now;
        let transaction = self.database.transact(move |tx| {
            if set_back > CLOCK_TOLERANCE {
                shift(tx, set_back)?;
            }
            work(tx, now)
        });
        transaction.await
    }

    /// Where message ids come from.
    pub(super) fn rng(&self) -> Rng {
        self.rng.clone()
    }

    /// `{endpoint}/000000000000/{name}`.
    pub(super) fn queue_url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.endpoint, queue::ACCOUNT)
    }

    /// Whether a receive leaves a second delivery behind.
    pub(super) fn delivers_twice(&self) -> bool {
        self.twice.load(Ordering::Relaxed)
    }

    pub(super) fn deliver_twice(&self, on: bool) {
        self.twice.store(on, Ordering::Relaxed);
    }

    /// What a waiting receive of `queue` listens to.
    pub(super) fn arrivals(&self, queue: &str) -> Arc<Notify> {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(arrivals.entry(queue.to_owned()).or_default())
    }

    /// Lets the waiting receives of `queue` look again.
    pub(super) fn wake_queue(&self, queue: &str) {
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = arrivals.get(queue) {
            waiting.notify_waiters();
        }
    }

    /// Lets all waiting receives look again.
    pub(super) fn wake(&self) {
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.values().for_each(|waiting| waiting.notify_waiters());
    }

    /// Ends all waiting.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Takes back the receives that ended with the last process: their messages are visible at once, as no receiver is left
/// to delete them, and the receive does not count. A delayed message stays delayed, but for no longer than SQS allows,
/// in case the clock was ahead when it was sent.
fn recover(tx: &Transaction<'_>, now: i64) -> Result<(), rusqlite::Error> {
    tx.execute(
        "UPDATE messages SET receives = max(receives - 1, 0), visible_ms = min(visible_ms, ?1), in_flight = 0
         WHERE in_flight = 1",
        [now],
    )?;
    tx.execute("UPDATE messages SET visible_ms = ?1 WHERE receives > 0 AND visible_ms > ?1", [now])?;
    tx.execute("UPDATE messages SET visible_ms = ?1 WHERE visible_ms > ?1", [now + LONGEST_DELAY])?;
    Ok(())
}

/// Moves every time back with the clock: what was hidden for half a minute is hidden for half a minute still.
fn shift(tx: &Transaction<'_>, by: i64) -> Result<(), rusqlite::Error> {
    tracing::info!(milliseconds = by, "the clock was set back");
    tx.execute(
        "UPDATE messages SET visible_ms = visible_ms - ?1, sent_ms = sent_ms - ?1,
                first_received_ms = first_received_ms - ?1",
        [by],
    )?;
    Ok(())
}

/// A message id in the form of AWS, a random UUID.
pub(super) fn message_id(rng: &Rng) -> String {
    let mut bytes: [u8; 16] = rng.bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
