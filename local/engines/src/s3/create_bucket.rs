//! CreateBucket, HeadBucket, ListBuckets, DeleteBucket.

use s3s::{
    S3Result,
    dto::{
        Bucket, CreateBucketInput, CreateBucketOutput, DeleteBucketInput, DeleteBucketOutput, HeadBucketInput,
        HeadBucketOutput, ListBucketsOutput,
    },
    s3_error,
};

use super::store::{self, Store, timestamp};

pub(super) async fn create_bucket(store: &Store, input: CreateBucketInput) -> S3Result<CreateBucketOutput> {
    let location = format!("/{}", input.bucket);
    let bucket = input.bucket;
    let created = store
        .transact(move |tx, now| {
            Ok(tx.execute("INSERT OR IGNORE INTO buckets (name, created_ms) VALUES (?1, ?2)", (bucket, now))?)
        })
        .await?;
    match created {
        0 => Err(s3_error!(BucketAlreadyOwnedByYou, "the bucket is there already, and yours")),
        _ => Ok(CreateBucketOutput { location: Some(location) }),
    }
}

pub(super) async fn head_bucket(store: &Store, input: HeadBucketInput) -> S3Result<HeadBucketOutput> {
    store.transact(move |tx, _| store::require_bucket(tx, &input.bucket)).await?;
    Ok(HeadBucketOutput::default())
}

pub(super) async fn list_buckets(store: &Store) -> S3Result<ListBucketsOutput> {
    let buckets = store
        .transact(|tx, _| {
            let mut query = tx.prepare("SELECT name, created_ms FROM buckets ORDER BY name")?;
            let rows = query.query_map([], |row| {
                Ok(Bucket { name: Some(row.get(0)?), creation_date: Some(timestamp(row.get(1)?)), ..Bucket::default() })
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    Ok(ListBucketsOutput { buckets: Some(buckets), ..ListBucketsOutput::default() })
}

pub(super) async fn delete_bucket(store: &Store, input: DeleteBucketInput) -> S3Result<DeleteBucketOutput> {
    store
        .transact(move |tx, _| {
            store::require_bucket(tx, &input.bucket)?;
            if tx.prepare_cached("SELECT 1 FROM objects WHERE bucket = ?1")?.exists([&input.bucket])? {
                return Err(s3_error!(BucketNotEmpty, "the bucket is not empty").into());
            }
            tx.execute("DELETE FROM buckets WHERE name = ?1", [input.bucket])?;
            Ok(())
        })
        .await?;
    Ok(DeleteBucketOutput::default())
}
