//! The data folder that the engines share: whether its files are sound and belong together.
//!
//! A table without its bucket, or queues of another table, are half of the data, and a stack that started on them would
//! go on as if nothing were missing. So each database holds the id of its folder, which `folder.json` names, and a
//! folder whose files do not all carry it is refused with the file's name and what to do.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use likeness_domain::rng::Rng;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde::{Deserialize, Serialize};

use crate::EngineError;

/// The databases of the three engines.
const FILES: [&str; 3] = ["dynamodb.sqlite", "s3.sqlite", "sqs.sqlite"];
const MARKER: &str = "folder.json";
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS likeness_folder (id TEXT NOT NULL)";

/// What `folder.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    id: String,
    /// Whether every database has been given the id. Until then nothing has been stored, so a missing file is no loss.
    complete: bool,
}

/// What a database says of the folder that it belongs to.
enum Belongs {
    /// There is no such file, or it holds nothing.
    Missing,
    /// It was written before folders had an id.
    Unmarked,
    To(String),
}

/// Checks the databases in `folder`, and makes the folder and its marker where it is new. `others` are databases beside
/// the engines' that belong to it too but need not be there (the fal emulator's). Takes time in proportion to their
/// size.
///
/// # Errors
/// The folder cannot be used; a database is damaged, was emptied, is missing or belongs to another folder.
pub fn check(folder: &Path, others: &[&str], rng: &Rng) -> Result<(), EngineError> {
    fs::create_dir_all(folder).map_err(|source| EngineError::Directory { path: folder.to_owned(), source })?;
    let marker = match read_marker(folder)? {
        Some(marker) => marker,
        None => adopt(folder, rng)?,
    };
    for name in FILES {
        let file = folder.join(name);
        match belongs(&file)? {
            Belongs::To(id) if id == marker.id => {}
            Belongs::Missing | Belongs::Unmarked if !marker.complete => mark(&file, &marker.id)?,
            Belongs::Missing | Belongs::Unmarked => return Err(EngineError::Incomplete { path: file }),
            Belongs::To(_) => return Err(EngineError::Foreign { path: file }),
        }
    }
    for file in others.iter().map(|name| folder.join(name)) {
        match belongs(&file)? {
            Belongs::To(id) if id == marker.id => {}
            Belongs::Missing if file.exists() && marker.complete => return Err(EngineError::Incomplete { path: file }),
            Belongs::Missing | Belongs::Unmarked => mark(&file, &marker.id)?,
            Belongs::To(_) => return Err(EngineError::Foreign { path: file }),
        }
    }
    if marker.complete { Ok(()) } else { write_marker(folder, &Marker { complete: true, ..marker }) }
}

/// The marker of a folder that has none: a new one, or one with all of its files that was written before there were
/// markers.
fn adopt(folder: &Path, rng: &Rng) -> Result<Marker, EngineError> {
    let mut missing = Vec::new();
    for file in FILES.map(|name| folder.join(name)) {
        match belongs(&file)? {
            Belongs::Missing => missing.push(file),
            Belongs::Unmarked => {}
            Belongs::To(_) => return Err(EngineError::Foreign { path: file }),
        }
    }
    if let (Some(path), true) = (missing.first(), missing.len() < FILES.len()) {
        return Err(EngineError::Incomplete { path: path.clone() });
    }
    let marker = Marker { id: hex::encode(rng.bytes::<16>()), complete: false };
    write_marker(folder, &marker)?;
    Ok(marker)
}

fn read_marker(folder: &Path) -> Result<Option<Marker>, EngineError> {
    let path = folder.join(MARKER);
    let unreadable = |source| EngineError::File { path: path.clone(), source };
    match fs::read(&path) {
        Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|error| unreadable(error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(error)),
    }
}

/// Whole or not at all.
fn write_marker(folder: &Path, marker: &Marker) -> Result<(), EngineError> {
    let (path, draft) = (folder.join(MARKER), folder.join("folder.draft"));
    let json = serde_json::to_vec(marker).map_err(io::Error::from);
    let written = json.and_then(|json| fs::write(&draft, json)).and_then(|()| fs::rename(&draft, &path));
    written.map_err(|source| EngineError::File { path, source })
}

/// Looks whether the database is sound, and which folder it names.
fn belongs(file: &Path) -> Result<Belongs, EngineError> {
    match fs::metadata(file) {
        Ok(metadata) if metadata.is_file() && metadata.len() == 0 => return Ok(Belongs::Missing),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Belongs::Missing),
        Ok(_) | Err(_) => {}
    }
    let failed = |source| EngineError::database(file, source);
    // May write, as a log that a killed process has left behind is taken into the file first.
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if found != "ok" {
        return Err(EngineError::Damaged { path: file.to_owned(), found });
    }
    let tables = |name: &str| {
        let query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE ?1";
        connection.query_row(query, [name], |row| row.get::<_, u32>(0)).map_err(failed)
    };
    if tables("likeness_folder")? > 0 {
        let id = connection.query_row("SELECT id FROM likeness_folder", [], |row| row.get(0)).optional();
        if let Some(id) = id.map_err(failed)? {
            return Ok(Belongs::To(id));
        }
    }
    Ok(if tables("%")? == 0 { Belongs::Missing } else { Belongs::Unmarked })
}

fn mark(file: &Path, id: &str) -> Result<(), EngineError> {
    let marked = Connection::open(file).and_then(|connection| {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch(SCHEMA)?;
        connection.execute("INSERT INTO likeness_folder (id) VALUES (?1)", [id])
    });
    marked.map(drop).map_err(|source| EngineError::database(file, source))
}

impl EngineError {
    /// What SQLite said of `file`.
    pub(crate) fn database(file: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        let path: PathBuf = file.to_owned();
        match source.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged { path, found: source.to_string() },
            _ => Self::Database { path, source },
        }
    }
}
