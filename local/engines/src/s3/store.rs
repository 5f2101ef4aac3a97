//! Buckets, objects and unfinished uploads in SQLite.

use std::{collections::HashMap, path::Path, time::SystemTime};

use bytes::Bytes;
use jiff::Timestamp;
use likeness_domain::{clock::Clock, rng::Rng};
use rusqlite::{OptionalExtension, Row, Transaction};
use s3s::{S3Error, dto, s3_error};
use serde::{Deserialize, Serialize};

use crate::sqlite::Sqlite;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS buckets (
        name TEXT PRIMARY KEY,
        created_ms INTEGER NOT NULL,
        public INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS objects (
        bucket TEXT NOT NULL REFERENCES buckets (name),
        key TEXT NOT NULL, -- compared byte by byte, which is the order that S3 lists in
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        modified_ms INTEGER NOT NULL,
        description TEXT NOT NULL, -- JSON
        bytes BLOB NOT NULL, -- last, so that listing does not read it
        PRIMARY KEY (bucket, key)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS uploads (
        id TEXT PRIMARY KEY,
        bucket TEXT NOT NULL REFERENCES buckets (name) ON DELETE CASCADE,
        key TEXT NOT NULL,
        description TEXT NOT NULL, -- JSON
        initiated_ms INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS parts (
        upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        modified_ms INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (upload, number)
    ) STRICT;
";

/// The database and the clock that dates what goes in.
#[derive(Clone)]
pub(super) struct Store {
    database: Sqlite,
    clock: Clock,
    rng: Rng,
}

/// What ends an operation on the store.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// The client gets to see this one.
    #[error("refused")]
    Refused(#[from] S3Error),
    #[error("the object database failed")]
    Database(#[from] rusqlite::Error),
    #[error("a stored description cannot be read")]
    Corrupt(#[from] serde_json::Error),
}

impl From<StoreError> for S3Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(error) => error,
            failure @ (StoreError::Database(_) | StoreError::Corrupt(_)) => {
                tracing::error!(error = &failure as &dyn std::error::Error, "object request failed");
                s3_error!(failure, InternalError)
            }
        }
    }
}

/// An object without its bytes.
pub(super) struct Object {
    pub(super) size: i64,
    /// Without quotes.
    pub(super) etag: String,
    pub(super) modified_ms: i64,
    pub(super) description: Description,
}

/// What a put says about its object, and a get repeats.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Description {
    pub(super) content_type: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) expires: Option<dto::Timestamp>,
    /// Without the `x-amz-meta-`.
    #[serde(default)]
    pub(super) metadata: HashMap<String, String>,
    #[serde(default)]
    pub(super) checksums: Checksums,
}

/// Checksums by algorithm, in base64.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Checksums {
    pub(super) crc32: Option<String>,
    pub(super) crc32c: Option<String>,
    pub(super) crc64nvme: Option<String>,
    pub(super) sha1: Option<String>,
    pub(super) sha256: Option<String>,
}

impl Store {
    pub(super) fn open(file: Option<&Path>, clock: Clock) -> Result<Self, rusqlite::Error> {
        let database = Sqlite::open(file, SCHEMA)?;
        database.add_column("uploads", "initiated_ms INTEGER NOT NULL DEFAULT 0")?;
        Ok(Self { database, clock, rng: Rng::from_os() })
    }

    /// Does `work` in one transaction; its second argument is the time in milliseconds since 1970.
    pub(super) async fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, i64) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let now = self.clock.now().as_millisecond();
        self.database.transact(move |tx| work(tx, now)).await
    }

    /// An upload id.
    pub(super) fn upload_id(&self) -> String {
        hex::encode(self.rng.bytes::<16>())
    }

    /// Makes `bucket` the public one.
    pub(super) async fn publish(&self, bucket: String) -> Result<(), rusqlite::Error> {
        let now = self.clock.now().as_millisecond();
        self.database
            .transact(move |tx| {
                tx.execute("INSERT OR IGNORE INTO buckets (name, created_ms) VALUES (?1, ?2)", (&bucket, now))?;
                tx.execute("UPDATE buckets SET public = (name = ?1)", [&bucket])?;
                Ok(())
            })
            .await
    }
}

/// Refuses a bucket that does not exist.
pub(super) fn require_bucket(tx: &Transaction<'_>, bucket: &str) -> Result<(), StoreError> {
    match tx.prepare_cached("SELECT 1 FROM buckets WHERE name = ?1")?.exists([bucket])? {
        true => Ok(()),
        false => Err(s3_error!(NoSuchBucket, "the specified bucket does not exist").into()),
    }
}

pub(super) fn find(tx: &Transaction<'_>, bucket: &str, key: &str) -> Result<Option<Object>, StoreError> {
    let row = tx
        .prepare_cached("SELECT size, etag, modified_ms, description FROM objects WHERE bucket = ?1 AND key = ?2")?
        .query_row((bucket, key), from_row)
        .optional()?;
    row.transpose()
}

/// The object; or why it is not there.
pub(super) fn require(tx: &Transaction<'_>, bucket: &str, key: &str) -> Result<Object, StoreError> {
    if let Some(object) = find(tx, bucket, key)? {
        return Ok(object);
    }
    require_bucket(tx, bucket)?;
    Err(s3_error!(NoSuchKey, "the specified key does not exist").into())
}

pub(super) fn read_bytes(tx: &Transaction<'_>, bucket: &str, key: &str) -> Result<Bytes, StoreError> {
    let bytes: Vec<u8> = tx
        .prepare_cached("SELECT bytes FROM objects WHERE bucket = ?1 AND key = ?2")?
        .query_row((bucket, key), |row| row.get(0))?;
    Ok(bytes.into())
}

/// Writes the object, over the one that was there.
pub(super) fn write(
    tx: &Transaction<'_>,
    bucket: &str,
    key: &str,
    object: &Object,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let description = serde_json::to_string(&object.description)?;
    tx.prepare_cached("INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute((
        bucket,
        key,
        object.size,
        &object.etag,
        object.modified_ms,
        description,
        bytes,
    ))?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> Result<Result<Object, StoreError>, rusqlite::Error> {
    let description: String = row.get(3)?;
    let (size, etag, modified_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let description = serde_json::from_str(&description).map_err(StoreError::Corrupt);
    Ok(description.map(|description| Object { size, etag, modified_ms, description }))
}

/// Milliseconds since 1970 as `s3s` has time.
pub(super) fn timestamp(ms: i64) -> dto::Timestamp {
    SystemTime::from(Timestamp::from_millisecond(ms).unwrap_or_default()).into()
}
