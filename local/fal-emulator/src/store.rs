//! What survives a `kill -9`: requests, files, and which look made which image, in one SQLite database.
//!
//! Write-ahead logging without a sync per commit: a crash of the process loses nothing, a crash of the machine may
//! lose the last moments. Calls about requests take microseconds and are made from async
//! code directly; those that carry the bytes of a file wait for the disk, and are made on threads that may block.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{fault::FileFault, references::Known, request::Request};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS requests (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, content_type TEXT NOT NULL, fault TEXT, bytes BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS known_images (number INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);
";

/// The emulator's database; cheap to clone.
#[derive(Clone)]
pub(super) struct Store(Arc<Mutex<Connection>>);

/// Why the database failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the fal emulator's database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// A record was written by another version.
    #[error("a record of the fal emulator's database is unreadable")]
    Record(#[from] serde_json::Error),
}

/// A file of the file host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredFile {
    pub(super) content_type: String,
    pub(super) fault: Option<FileFault>,
    pub(super) bytes: Vec<u8>,
}

impl Store {
    /// Opens the file, or a database in memory.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, StoreError> {
        let connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    pub(super) fn save_request(&self, request: &Request) -> Result<(), StoreError> {
        let record = serde_json::to_string(request)?;
        self.lock()
            .prepare_cached(
                "INSERT INTO requests (id, record) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET record = ?2",
            )?
            .execute(params![request.id, record])?;
        Ok(())
    }

    /// All requests in the order of their accept.
    pub(super) fn requests(&self) -> Result<Vec<Request>, StoreError> {
        self.records("SELECT record FROM requests ORDER BY number")
    }

    pub(super) fn save_file(&self, path: &str, file: &StoredFile) -> Result<(), StoreError> {
        let fault = file.fault.as_ref().map(serde_json::to_string).transpose()?;
        self.lock()
            .prepare_cached("INSERT OR REPLACE INTO files (path, content_type, fault, bytes) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![path, file.content_type, fault, file.bytes])?;
        Ok(())
    }

    pub(super) fn file(&self, path: &str) -> Result<Option<StoredFile>, StoreError> {
        let found: Option<(String, Option<String>, Vec<u8>)> = self
            .lock()
            .prepare_cached("SELECT content_type, fault, bytes FROM files WHERE path = ?1")?
            .query_row([path], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((content_type, fault, bytes)) = found else { return Ok(None) };
        let fault = fault.as_deref().map(serde_json::from_str).transpose()?;
        Ok(Some(StoredFile { content_type, fault, bytes }))
    }

    pub(super) fn save_known_image(&self, known: &Known) -> Result<(), StoreError> {
        let record = serde_json::to_string(known)?;
        self.lock().prepare_cached("INSERT INTO known_images (record) VALUES (?1)")?.execute([record])?;
        Ok(())
    }

    pub(super) fn known_images(&self) -> Result<Vec<Known>, StoreError> {
        self.records("SELECT record FROM known_images ORDER BY number")
    }

    fn records<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<T>, StoreError> {
        let connection = self.lock();
        let mut statement = connection.prepare(query)?;
        let records = statement.query_map([], |row| row.get::<_, String>(0))?;
        records.map(|record| Ok(serde_json::from_str(&record?)?)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
