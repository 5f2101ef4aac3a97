//! The state that all operations share: the database, the clock, and who waits for messages.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use likeness_core::{clock::Clock, entropy::Entropy};
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
        second INTEGER NOT NULL DEFAULT 0 -- 1: the second delivery of a message
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

/// The queues, and what an operation needs besides its request.
pub(super) struct Broker {
    database: Sqlite,
    clock: Clock,
    entropy: Entropy,
    endpoint: String,
    /// Rung whenever a message may have become visible.
    arrivals: Notify,
    twice: AtomicBool,
    closed: AtomicBool,
}

impl Broker {
    /// Opens the queues and makes visible what was in flight.
    pub(super) async fn open(file: Option<&Path>, endpoint: String, clock: Clock) -> Result<Self, rusqlite::Error> {
        let broker = Self {
            database: Sqlite::open(file, SCHEMA)?,
            clock,
            entropy: Entropy::from_os(),
            endpoint,
            arrivals: Notify::new(),
            twice: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        };
        let now = broker.now();
        // Every receiver lived in the process that had this file open, and that one is gone: nobody is left to delete
        // what was in flight, so there is no reason to sit out its visibility timeout. Delayed messages stay delayed.
        broker
            .database
            .transact(move |tx| {
                tx.execute("UPDATE messages SET visible_ms = ?1 WHERE receives > 0 AND visible_ms > ?1", [now])
            })
            .await?;
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
        self.database.transact(move |tx| work(tx, now)).await
    }

    /// Where message ids come from.
    pub(super) fn entropy(&self) -> Entropy {
        self.entropy.clone()
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

    /// What a waiting receive listens to.
    pub(super) fn arrivals(&self) -> &Notify {
        &self.arrivals
    }

    /// Lets waiting receives look again.
    pub(super) fn wake(&self) {
        self.arrivals.notify_waiters();
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

/// A message id in the form of AWS, a random UUID.
pub(super) fn message_id(entropy: &Entropy) -> String {
    let mut bytes: [u8; 16] = entropy.bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
