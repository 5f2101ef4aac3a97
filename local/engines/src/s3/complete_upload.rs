//! CompleteMultipartUpload: the parts become the object, in one transaction.

use rusqlite::{OptionalExtension, Transaction};
use s3s::{
    S3Result,
    dto::{CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, ETag},
    s3_error,
};

use super::{
    conditions::Writing,
    store::{self, Object, Store, StoreError},
    upload_part::require_upload,
};
use crate::md5;

/// Every part but the last has to have this many bytes.
const MIN_PART_BYTES: usize = 5 << 20;

pub(super) async fn complete_multipart_upload(
    store: &Store,
    input: CompleteMultipartUploadInput,
) -> S3Result<CompleteMultipartUploadOutput> {
    let CompleteMultipartUploadInput { bucket, key, upload_id, if_match, if_none_match, multipart_upload, .. } = input;
    let parts = multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    if parts.is_empty() {
        return Err(s3_error!(MalformedXML, "a complete upload has at least one part"));
    }
    if !parts.is_sorted_by(|one, next| one.part_number < next.part_number) {
        return Err(s3_error!(InvalidPartOrder, "the parts have to be in ascending order"));
    }
    let (to_bucket, to_key) = (bucket.clone(), key.clone());
    let etag = store
        .transact(move |tx, now| {
            let description = require_upload(tx, &upload_id, &to_bucket, &to_key)?;
            Writing { if_match, if_none_match }.check(store::find(tx, &to_bucket, &to_key)?.as_ref())?;
            let (bytes, etag) = join(tx, &upload_id, &parts)?;
            let object = Object { size: bytes.len() as i64, etag, modified_ms: now, description };
            store::write(tx, &to_bucket, &to_key, &object, &bytes)?;
            tx.execute("DELETE FROM uploads WHERE id = ?1", [upload_id])?;
            Ok(object.etag)
        })
        .await?;
    Ok(CompleteMultipartUploadOutput {
        bucket: Some(bucket),
        key: Some(key),
        e_tag: Some(ETag::Strong(etag)),
        ..CompleteMultipartUploadOutput::default()
    })
}

/// The parts' bytes one after the other, and the ETag that S3 gives to such an object: a digest of digests, and how
/// many.
fn join(tx: &Transaction<'_>, upload: &str, parts: &[CompletedPart]) -> Result<(Vec<u8>, String), StoreError> {
    let mut joined = Vec::new();
    let mut digests = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let stored: Option<(String, Vec<u8>)> = tx
            .prepare_cached("SELECT etag, bytes FROM parts WHERE upload = ?1 AND number = ?2")?
            .query_row((upload, part.part_number), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let named = part.e_tag.as_ref().map(ETag::value);
        let Some((_, bytes)) = stored.filter(|(etag, _)| named == Some(etag.as_str())) else {
            return Err(s3_error!(InvalidPart, "a part was not uploaded, or has another ETag").into());
        };
        if bytes.len() < MIN_PART_BYTES && index + 1 < parts.len() {
            return Err(s3_error!(EntityTooSmall, "every part but the last needs {MIN_PART_BYTES} bytes").into());
        }
        digests.extend(md5::digest(&bytes));
        joined.extend(bytes);
    }
    Ok((joined, format!("{}-{}", md5::hex(&digests), parts.len())))
}
