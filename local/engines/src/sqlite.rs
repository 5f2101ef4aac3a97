//! One SQLite database behind one connection.
//!
//! One writer is all that SQLite allows, and readers of a laptop's engine do not need a second connection: with a
//! single one every operation is a serial transaction, so races between conditional writes have exactly one winner by
//! construction. WAL with `synchronous = NORMAL` loses nothing when the process dies; a power cut may take the last
//! commits.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};

/// A shared handle to the database.
#[derive(Clone)]
pub(crate) struct Sqlite(Arc<Mutex<Connection>>);

impl Sqlite {
    /// Opens `file` (memory if `None`) and applies `schema`, which has to be repeatable.
    pub(crate) fn open(file: Option<&Path>, schema: &str) -> Result<Self, rusqlite::Error> {
        let connection = match file {
            Some(file) => Connection::open(file)?,
            None => Connection::open_in_memory()?,
        };
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.execute_batch(schema)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Adds a column to a table that an earlier version made without it. `definition` begins with its name.
    pub(crate) fn add_column(&self, table: &str, definition: &str) -> Result<(), rusqlite::Error> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = definition.split_whitespace().next().unwrap_or_default();
        let there = "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2";
        if !connection.prepare(there)?.exists((table, name))? {
            connection.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {definition}"))?;
        }
        Ok(())
    }

    /// Does `work` in one transaction on a thread that may block; an error rolls everything back. An error too, and no
    /// panic, if the runtime shuts down before the work has begun.
    pub(crate) async fn transact<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<rusqlite::Error> + Send + 'static,
    {
        let connection = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            // A panic in another transaction has rolled that one back, so the connection behind the poison is sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        });
        match done.await {
            Ok(result) => result,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_cancelled) => Err(stopped().into()),
            },
        }
    }
}

/// The error of work that the end of the process took the thread from.
fn stopped() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), Some("the engine has stopped".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_the_end_of_the_runtime_cancels_is_an_error_and_no_panic() {
        let sqlite = Sqlite::open(None, "").unwrap();
        let ended = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let handle = ended.handle().clone();
        ended.shutdown_background();
        let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let error = other.block_on(async {
            let transaction = sqlite.transact(|_| Ok::<_, rusqlite::Error>(()));
            // Its thread is asked of the runtime that has ended.
            let _ended = handle.enter();
            transaction.await.unwrap_err()
        });
        assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::OperationInterrupted));
    }
}
