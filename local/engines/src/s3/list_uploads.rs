//! ListMultipartUploads: the unfinished uploads of a bucket, by key and then by age.

use s3s::{
    S3Result,
    dto::{ListMultipartUploadsInput, ListMultipartUploadsOutput, MultipartUpload},
    s3_error,
};

use super::{
    list_objects::encoding,
    store::{self, Store, timestamp},
};

const MAX_UPLOADS: i32 = 1000;

pub(super) async fn list_multipart_uploads(
    store: &Store,
    input: ListMultipartUploadsInput,
) -> S3Result<ListMultipartUploadsOutput> {
    if input.delimiter.as_ref().is_some_and(|delimiter| !delimiter.is_empty()) {
        return Err(s3_error!(NotImplemented, "this engine lists uploads without a delimiter"));
    }
    let max = input.max_uploads.unwrap_or(MAX_UPLOADS).clamp(1, MAX_UPLOADS);
    let (bucket, prefix) = (input.bucket.clone(), input.prefix.clone().unwrap_or_default());
    let (key_marker, id_marker) = (input.key_marker.clone().unwrap_or_default(), input.upload_id_marker.clone());
    let mut uploads = store
        .transact(move |tx, _| {
            store::require_bucket(tx, &bucket)?;
            // Behind the marked upload; behind all of the marked key where no upload is named.
            let mut query = tx.prepare(
                "SELECT key, id, initiated_ms FROM uploads AS upload
                 WHERE bucket = ?1 AND substr(key, 1, length(?2)) = ?2 AND (key > ?3 OR key = ?3 AND rowid > (
                     SELECT rowid FROM uploads WHERE id = ?4
                 ))
                 ORDER BY key, rowid LIMIT ?5",
            )?;
            let rows = query.query_map((bucket, prefix, key_marker, id_marker, max + 1), |row| {
                Ok(MultipartUpload {
                    key: Some(row.get(0)?),
                    upload_id: Some(row.get(1)?),
                    initiated: Some(timestamp(row.get(2)?)),
                    ..MultipartUpload::default()
                })
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    let more = uploads.len() > max as usize;
    uploads.truncate(max as usize);
    let last = uploads.last().filter(|_| more).cloned();
    let encode = encoding(input.encoding_type.as_ref());
    let uploads = uploads.into_iter().map(|upload| MultipartUpload { key: upload.key.map(encode), ..upload });
    Ok(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        is_truncated: Some(more),
        max_uploads: Some(max),
        next_key_marker: last.as_ref().and_then(|upload| upload.key.clone()).map(encode),
        next_upload_id_marker: last.and_then(|upload| upload.upload_id),
        uploads: Some(uploads.collect()),
        prefix: input.prefix.map(encode),
        key_marker: input.key_marker.map(encode),
        upload_id_marker: input.upload_id_marker,
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    })
}
