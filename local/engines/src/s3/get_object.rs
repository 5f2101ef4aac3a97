//! GetObject and HeadObject.

use s3s::{
    Body, S3Result,
    dto::{ChecksumMode, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, StreamingBlob},
    s3_error,
};

use super::{
    conditions::Reading,
    store::{self, Checksums, Object, Store, timestamp},
};

/// What S3 says of an object whose put named no type.
const UNTYPED: &str = "binary/octet-stream";

pub(super) async fn get_object(store: &Store, input: GetObjectInput) -> S3Result<GetObjectOutput> {
    let GetObjectInput { bucket, key, range, checksum_mode, .. } = input;
    let conditions = Reading {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    let (object, bytes) = store
        .transact(move |tx, _| {
            let object = store::require(tx, &bucket, &key)?;
            conditions.check(&object)?;
            Ok((object, store::read_bytes(tx, &bucket, &key)?))
        })
        .await?;

    let size = object.size;
    let part = range.map(|range| range.check(size.unsigned_abs())).transpose();
    let part = part.map_err(|error| s3_error!(error, InvalidRange, "the requested range is not satisfiable"))?;
    let (bytes, content_range) = match part {
        Some(part) => {
            let header = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            (bytes.slice(part.start as usize..part.end as usize), Some(header))
        }
        None => (bytes, None),
    };
    // The checksums are of the whole, and clients would compare them with the part.
    let checksums = checksums(&object, checksum_mode.as_ref(), content_range.is_some());
    let description = object.description;
    Ok(GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(bytes.len() as i64),
        content_range,
        body: Some(StreamingBlob::from(Body::from(bytes))),
        cache_control: description.cache_control,
        content_disposition: description.content_disposition,
        content_encoding: description.content_encoding,
        content_language: description.content_language,
        content_type: Some(description.content_type.unwrap_or_else(|| UNTYPED.to_owned())),
        e_tag: Some(ETag::Strong(object.etag)),
        expires: description.expires,
        last_modified: Some(timestamp(object.modified_ms)),
        metadata: Some(description.metadata),
        checksum_crc32: checksums.crc32,
        checksum_crc32c: checksums.crc32c,
        checksum_crc64nvme: checksums.crc64nvme,
        checksum_sha1: checksums.sha1,
        checksum_sha256: checksums.sha256,
        ..GetObjectOutput::default()
    })
}

pub(super) async fn head_object(store: &Store, input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
    let HeadObjectInput { bucket, key, checksum_mode, .. } = input;
    let conditions = Reading {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    let object = store.transact(move |tx, _| store::require(tx, &bucket, &key)).await?;
    conditions.check(&object)?;
    let checksums = checksums(&object, checksum_mode.as_ref(), false);
    let description = object.description;
    Ok(HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(object.size),
        cache_control: description.cache_control,
        content_disposition: description.content_disposition,
        content_encoding: description.content_encoding,
        content_language: description.content_language,
        content_type: Some(description.content_type.unwrap_or_else(|| UNTYPED.to_owned())),
        e_tag: Some(ETag::Strong(object.etag)),
        expires: description.expires,
        last_modified: Some(timestamp(object.modified_ms)),
        metadata: Some(description.metadata),
        checksum_crc32: checksums.crc32,
        checksum_crc32c: checksums.crc32c,
        checksum_crc64nvme: checksums.crc64nvme,
        checksum_sha1: checksums.sha1,
        checksum_sha256: checksums.sha256,
        ..HeadObjectOutput::default()
    })
}

fn checksums(object: &Object, mode: Option<&ChecksumMode>, partial: bool) -> Checksums {
    let wanted = mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED);
    if wanted && !partial { object.description.checksums.clone() } else { Checksums::default() }
}
