//! What AWS and R2 are on a laptop: three servers inside this process, each on a loopback listener that the caller bound,
//! each keeping its data in one SQLite file (or in memory), each alive again after `kill -9`.
//!
//! | engine | protocol | data |
//! | --- | --- | --- |
//! | [`dynamodb`] | `dynoxide` | `dynoxide`, `dynamodb.sqlite` |
//! | [`s3`] | `s3s`: XML, signatures, presigned URLs, chunked bodies | ours, `s3.sqlite` |
//! | [`sqs`] | ours: AWS JSON 1.0 | ours, `sqs.sqlite` |
//!
//! The official SDKs talk to them unchanged; `tests/conformance` holds each engine, and the real service, to the same
//! behaviours. What the real services do and these do not is said in each module.
//!
//! Absent on purpose: regions, accounts, IAM, throttling, encryption at rest, and every operation that Likeness does not use.

pub mod dynamodb;
pub mod s3;
pub mod sqs;

mod md5;
mod server;
mod sqlite;

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why an engine did not start, or could not read its own data. Each is the end of the run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The listener that was passed in has no address.
    #[error("the engine's listener cannot be used")]
    Listener(#[source] io::Error),
    /// The data directory is not there and cannot be made.
    #[error("the data directory {} cannot be used", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The database file cannot be opened, read or written.
    #[error("the engine's database failed")]
    Database(#[from] rusqlite::Error),
    /// `dynoxide` could not open its database.
    #[error("the DynamoDB engine's database failed")]
    DynamoDb(#[from] dynoxide::DynoxideError),
}

/// The engine's own file in the data directory, which is made if it is missing.
fn file_in(data: Option<&Path>, name: &str) -> Result<Option<PathBuf>, EngineError> {
    let Some(directory) = data else { return Ok(None) };
    std::fs::create_dir_all(directory)
        .map_err(|source| EngineError::Directory { path: directory.to_owned(), source })?;
    Ok(Some(directory.join(name)))
}
