//! DynamoDB: `dynoxide`, an implementation on SQLite, with its TTL sweep running.
//!
//! What it does not do, so nothing here may be believed to have tested it:
//! - `TransactionConflict` never happens: transactions run one after the other. Tests that need it inject it.
//! - Signatures are not checked; any credentials will do.
//! - TTL: expired items go within seconds (minutes, of a large table), by this process' sweep and the machine's clock, not the caller's. AWS may take
//!   days, so readers check `expires_at` themselves. Turning TTL on takes effect with the next sweep.
//! - Throttling and provisioned capacity, which Likeness does not use.
//!
//! Index names need at least three characters, as on AWS.

use std::{convert::Infallible, path::Path, time::Duration};

use dynoxide::Database;
use tokio::{net::TcpListener, time::Instant};

use super::{EngineError, file_in, server::Server};

/// The pause between two looks for expired items is at least this, ...
const PAUSE: Duration = Duration::from_secs(3);
/// ... and so many times as long as the look took, which reads every item: so it stays a small part of the engine's
/// work however large the table becomes.
const REST: u32 = 1000;

/// A running DynamoDB.
pub struct DynamoDb(Server);

impl DynamoDb {
    /// Serves on `listener`; data in `dynamodb.sqlite` in the directory `data`, or in memory.
    pub async fn start(listener: TcpListener, data: Option<&Path>) -> Result<Self, EngineError> {
        let database = open(file_in(data, "dynamodb.sqlite")?.as_deref())?;
        let server = Server::run(listener, move |listener, stopped| async move {
            let serving = dynoxide::server::serve_with_shutdown(listener, database.clone(), stopped.wait());
            tokio::select! {
                served = serving => if let Err(error) = served {
                    tracing::error!(%error, "DynamoDB engine stopped serving");
                },
                never = sweep(database) => match never {},
            }
        })?;
        Ok(Self(server))
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.0.endpoint()
    }

    /// Lets the requests under way finish and closes the database.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

/// Opens `file`, or a database in memory.
fn open(file: Option<&Path>) -> Result<Database, EngineError> {
    let database = match file {
        Some(file) => Database::new(&file.to_string_lossy()),
        None => Database::memory(),
    };
    // What dynoxide calls the normal settings is `synchronous = NORMAL`, as the other engines have; it opens a file
    // with FULL, which waits for the disk at every write, on a thread that all other requests need. Beside gigabytes of
    // pictures on their way to the same disk such a wait takes seconds.
    let database = database.and_then(|database| database.disable_bulk_loading().map(|()| database));
    let path = || file.map_or_else(|| "in memory".into(), Path::to_owned);
    database.map_err(|source| EngineError::DynamoDb { path: path(), source })
}

/// Removes expired items, again and again, until it is dropped.
async fn sweep(database: Database) -> Infallible {
    let mut pause = PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        let (database, began) = (database.clone(), Instant::now());
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        pause = PAUSE.max(began.elapsed() * REST);
        match swept {
            Ok(Ok(0)) => {}
            Ok(Ok(items)) => tracing::debug!(items, "expired items removed"),
            Ok(Err(error)) => tracing::warn!(%error, "expired items could not be removed"),
            Err(error) => tracing::warn!(%error, "removing expired items panicked"),
        }
    }
}
