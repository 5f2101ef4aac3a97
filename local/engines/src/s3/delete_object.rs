//! DeleteObject and DeleteObjects. What is not there counts as deleted.

use rusqlite::Transaction;
use s3s::{
    S3Result,
    dto::{DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject},
    s3_error,
};

use super::store::{self, Store, StoreError};

/// The most keys of one batch.
const MAX_KEYS: usize = 1000;

pub(super) async fn delete_object(store: &Store, input: DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
    store
        .transact(move |tx, _| {
            store::require_bucket(tx, &input.bucket)?;
            delete(tx, &input.bucket, &input.key)
        })
        .await?;
    Ok(DeleteObjectOutput::default())
}

pub(super) async fn delete_objects(store: &Store, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
    let DeleteObjectsInput { bucket, delete: batch, .. } = input;
    if !(1..=MAX_KEYS).contains(&batch.objects.len()) {
        return Err(s3_error!(MalformedXML, "from 1 to {MAX_KEYS} keys"));
    }
    let keys: Vec<String> = batch.objects.into_iter().map(|object| object.key).collect();
    let keys = store
        .transact(move |tx, _| {
            store::require_bucket(tx, &bucket)?;
            for key in &keys {
                delete(tx, &bucket, key)?;
            }
            Ok(keys)
        })
        .await?;
    let deleted = (batch.quiet != Some(true))
        .then(|| keys.into_iter().map(|key| DeletedObject { key: Some(key), ..DeletedObject::default() }).collect());
    Ok(DeleteObjectsOutput { deleted, ..DeleteObjectsOutput::default() })
}

fn delete(tx: &Transaction<'_>, bucket: &str, key: &str) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2")?.execute((bucket, key))?;
    Ok(())
}
