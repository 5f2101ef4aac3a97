//! What AWS and R2 are on a laptop: three servers inside this process, each on a loopback listener that the caller
//! bound, each keeping its data in one SQLite file (or in memory), each alive again after `kill -9`.
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
//! Absent on purpose: regions, accounts, IAM, throttling, encryption at rest, and every operation that Likeness does
//! not use.

pub mod dynamodb;
pub mod folder;
pub mod s3;
pub mod sqs;

mod date;
mod md5;
mod server;
mod sqlite;

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why an engine did not start, or could not read its own data. Each is the end of the run, and names the file and a
/// remedy.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The listener that was passed in has no address.
    #[error("the engine's listener cannot be used")]
    Listener(#[source] io::Error),
    /// The data folder is not there and cannot be made.
    #[error("the data folder {} cannot be made: choose another, or free its path", path.display())]
    Directory {
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// A file of the data folder that is no database.
    #[error("{} cannot be read or written: mend its permissions, or choose another data folder", path.display())]
    File {
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The database cannot be opened, read or written.
    #[error("the database {} cannot be used: mend its permissions, or choose another data folder", path.display())]
    Database {
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The database is damaged, or something else than a database.
    #[error(
        "the database {} is damaged ({found}): restore the whole data folder from a copy, or start with a new one",
        path.display()
    )]
    Damaged {
        path: PathBuf,
        /// The first fault that SQLite found.
        found: String,
    },
    /// The database is missing or empty, and the others of its folder are not.
    #[error(
        "{} is missing or was emptied, and the other files of its folder were not: restore the whole data folder from a \
         copy, or start with a new one",
        path.display()
    )]
    Incomplete { path: PathBuf },
    /// The database was written in another folder.
    #[error(
        "{} belongs to another data folder: put the files of one folder together, or start with a new one",
        path.display()
    )]
    Foreign { path: PathBuf },
    /// A call to the engine's open database failed.
    #[error("the engine's database failed")]
    Call(#[from] rusqlite::Error),
    /// `dynoxide` could not open its database.
    #[error("the DynamoDB engine cannot use its database {}", path.display())]
    DynamoDb { path: PathBuf, source: dynoxide::DynoxideError },
}

/// The engine's own file in the data folder, which is made if it is missing.
fn file_in(data: Option<&Path>, name: &str) -> Result<Option<PathBuf>, EngineError> {
    let Some(directory) = data else { return Ok(None) };
    std::fs::create_dir_all(directory)
        .map_err(|source| EngineError::Directory { path: directory.to_owned(), source })?;
    Ok(Some(directory.join(name)))
}

/// The error of opening `file`, or the database in memory.
fn unopened(file: Option<&Path>) -> impl Fn(rusqlite::Error) -> EngineError {
    move |error| match file {
        Some(file) => EngineError::database(file, error),
        None => error.into(),
    }
}
