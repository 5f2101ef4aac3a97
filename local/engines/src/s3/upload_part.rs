//! CreateMultipartUpload, UploadPart, ListParts, AbortMultipartUpload: all of a multipart upload but its end.

use rusqlite::{OptionalExtension, Transaction};
use s3s::{
    S3Request, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
        ETag, ListPartsInput, ListPartsOutput, Part, UploadPartInput, UploadPartOutput,
    },
    s3_error,
};

use super::{
    body::{self, Promise, Upload},
    store::{self, Checksums, Description, Store, StoreError, timestamp},
};

const MAX_PART: i32 = 10_000;
const PARTS_PER_PAGE: i32 = 1000;

pub(super) async fn create_multipart_upload(
    store: &Store,
    input: CreateMultipartUploadInput,
) -> S3Result<CreateMultipartUploadOutput> {
    let description = Description {
        content_type: input.content_type,
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        expires: input.expires,
        metadata: input.metadata.unwrap_or_default(),
        checksums: Checksums::default(),
    };
    let id = store.upload_id();
    let output = CreateMultipartUploadOutput {
        bucket: Some(input.bucket.clone()),
        key: Some(input.key.clone()),
        upload_id: Some(id.clone()),
        ..CreateMultipartUploadOutput::default()
    };
    store
        .transact(move |tx, now| {
            store::require_bucket(tx, &input.bucket)?;
            let description = serde_json::to_string(&description)?;
            let upload = (id, input.bucket, input.key, description, now);
            tx.execute("INSERT INTO uploads VALUES (?1, ?2, ?3, ?4, ?5)", upload)?;
            Ok(())
        })
        .await?;
    Ok(output)
}

pub(super) async fn upload_part(store: &Store, request: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
    let UploadPartInput { bucket, key, upload_id, part_number, body, .. } = request.input;
    if !(1..=MAX_PART).contains(&part_number) {
        return Err(s3_error!(InvalidArgument, "part number must be from 1 to {MAX_PART}"));
    }
    let promise = Promise {
        md5: request.input.content_md5,
        checksums: Checksums {
            crc32: request.input.checksum_crc32,
            crc32c: request.input.checksum_crc32c,
            crc64nvme: request.input.checksum_crc64nvme,
            sha1: request.input.checksum_sha1,
            sha256: request.input.checksum_sha256,
        },
        trailers: request.trailing_headers,
    };
    let Upload { bytes, md5, checksums } = body::receive(body, promise).await?;
    let etag = hex::encode(md5);
    let written = etag.clone();
    store
        .transact(move |tx, now| {
            require_upload(tx, &upload_id, &bucket, &key)?;
            tx.execute(
                "INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (upload_id, part_number, bytes.len(), written, now, &bytes[..]),
            )?;
            Ok(())
        })
        .await?;
    Ok(UploadPartOutput {
        e_tag: Some(ETag::Strong(etag)),
        checksum_crc32: checksums.crc32,
        checksum_crc32c: checksums.crc32c,
        checksum_crc64nvme: checksums.crc64nvme,
        checksum_sha1: checksums.sha1,
        checksum_sha256: checksums.sha256,
        ..UploadPartOutput::default()
    })
}

pub(super) async fn list_parts(store: &Store, input: ListPartsInput) -> S3Result<ListPartsOutput> {
    let max = input.max_parts.unwrap_or(PARTS_PER_PAGE).clamp(1, PARTS_PER_PAGE);
    let (bucket, key, upload) = (input.bucket.clone(), input.key.clone(), input.upload_id.clone());
    let mut parts = store
        .transact(move |tx, _| {
            require_upload(tx, &upload, &bucket, &key)?;
            let mut query = tx.prepare(
                "SELECT number, size, etag, modified_ms FROM parts
                 WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
            )?;
            let rows = query.query_map((upload, input.part_number_marker.unwrap_or(0), max + 1), |row| {
                Ok(Part {
                    part_number: Some(row.get(0)?),
                    size: Some(row.get(1)?),
                    e_tag: Some(ETag::Strong(row.get(2)?)),
                    last_modified: Some(timestamp(row.get(3)?)),
                    ..Part::default()
                })
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    let more = parts.len() > max as usize;
    parts.truncate(max as usize);
    Ok(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        max_parts: Some(max),
        is_truncated: Some(more),
        next_part_number_marker: if more { parts.last().and_then(|part| part.part_number) } else { None },
        parts: Some(parts),
        ..ListPartsOutput::default()
    })
}

pub(super) async fn abort_multipart_upload(
    store: &Store,
    input: AbortMultipartUploadInput,
) -> S3Result<AbortMultipartUploadOutput> {
    store
        .transact(move |tx, _| {
            require_upload(tx, &input.upload_id, &input.bucket, &input.key)?;
            tx.execute("DELETE FROM uploads WHERE id = ?1", [input.upload_id])?;
            Ok(())
        })
        .await?;
    Ok(AbortMultipartUploadOutput::default())
}

/// What the upload said about the object it will be.
pub(super) fn require_upload(
    tx: &Transaction<'_>,
    id: &str,
    bucket: &str,
    key: &str,
) -> Result<Description, StoreError> {
    let description: Option<String> = tx
        .prepare_cached("SELECT description FROM uploads WHERE id = ?1 AND bucket = ?2 AND key = ?3")?
        .query_row((id, bucket, key), |row| row.get(0))
        .optional()?;
    match description {
        Some(description) => Ok(serde_json::from_str(&description)?),
        None => Err(s3_error!(NoSuchUpload, "the upload does not exist, was aborted or is complete").into()),
    }
}
