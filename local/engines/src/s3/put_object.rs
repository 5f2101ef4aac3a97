//! PutObject.

use s3s::{
    S3Request, S3Result,
    dto::{ETag, PutObjectInput, PutObjectOutput},
};

use super::{
    body::{self, Promise, Upload},
    conditions::Writing,
    store::{self, Checksums, Description, Object, Store},
};

pub(super) async fn put_object(store: &Store, request: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
    let PutObjectInput { bucket, key, body, if_match, if_none_match, .. } = request.input;
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
    let mut description = Description {
        content_type: request.input.content_type,
        cache_control: request.input.cache_control,
        content_disposition: request.input.content_disposition,
        content_encoding: request.input.content_encoding,
        content_language: request.input.content_language,
        expires: request.input.expires,
        metadata: request.input.metadata.unwrap_or_default(),
        checksums: Checksums::default(),
    };
    let Upload { bytes, md5, checksums } = body::receive(body, promise).await?;
    description.checksums = checksums.clone();

    let etag = hex::encode(md5);
    let written = etag.clone();
    store
        .transact(move |tx, now| {
            store::require_bucket(tx, &bucket)?;
            Writing { if_match, if_none_match }.check(store::find(tx, &bucket, &key)?.as_ref())?;
            let object = Object { size: bytes.len() as i64, etag: written, modified_ms: now, description };
            store::write(tx, &bucket, &key, &object, &bytes)
        })
        .await?;
    Ok(PutObjectOutput {
        e_tag: Some(ETag::Strong(etag)),
        checksum_crc32: checksums.crc32,
        checksum_crc32c: checksums.crc32c,
        checksum_crc64nvme: checksums.crc64nvme,
        checksum_sha1: checksums.sha1,
        checksum_sha256: checksums.sha256,
        ..PutObjectOutput::default()
    })
}
