//! What all batches have in common: the rules for their ids, and an answer that is part success, part failure.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::error::{FailedEntry, SqsError};

/// The most entries a batch may have.
pub(super) const MAX_ENTRIES: usize = 10;

/// One entry of a batch: the caller's id, and what the single operation would take.
#[derive(Deserialize)]
pub(super) struct Entry<T> {
    #[serde(rename = "Id")]
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) item: T,
}

/// The fate of each entry.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Outcome<T> {
    successful: Vec<Success<T>>,
    failed: Vec<FailedEntry>,
}

#[derive(Serialize)]
struct Success<T> {
    #[serde(rename = "Id")]
    id: String,
    #[serde(flatten)]
    value: T,
}

/// Refuses a batch as a whole if its shape is wrong.
pub(super) fn check<T>(entries: &[Entry<T>]) -> Result<(), SqsError> {
    if entries.is_empty() {
        return Err(SqsError::EmptyBatchRequest);
    }
    if entries.len() > MAX_ENTRIES {
        return Err(SqsError::TooManyEntriesInBatchRequest { sent: entries.len() });
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let mut seen = HashSet::new();
    for Entry { id, .. } in entries {
        if !(1..=80).contains(&id.len()) || !id.bytes().all(allowed) {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !seen.insert(id) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.clone()));
        }
    }
    Ok(())
}

/// Applies `operation` to each entry; refusals stay with their entry, failures of ours end the batch.
pub(super) fn each<T, U>(
    entries: Vec<Entry<T>>,
    mut operation: impl FnMut(T) -> Result<U, SqsError>,
) -> Result<Outcome<U>, SqsError> {
    let mut outcome = Outcome { successful: Vec::new(), failed: Vec::new() };
    for Entry { id, item } in entries {
        match operation(item) {
            Ok(value) => outcome.successful.push(Success { id, value }),
            Err(SqsError::Database(error)) => return Err(SqsError::Database(error)),
            Err(refusal) => outcome.failed.push(refusal.for_entry(id)),
        }
    }
    Ok(outcome)
}
