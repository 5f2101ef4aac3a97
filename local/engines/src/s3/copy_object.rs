//! CopyObject, within this engine.

use s3s::{
    S3Result,
    dto::{CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETag, MetadataDirective},
    s3_error,
};

use super::{
    conditions::Reading,
    store::{self, Description, Object, Store, timestamp},
};

pub(super) async fn copy_object(store: &Store, input: CopyObjectInput) -> S3Result<CopyObjectOutput> {
    let CopySource::Bucket { bucket: from_bucket, key: from_key, version_id: None } = input.copy_source else {
        return Err(s3_error!(NotImplemented, "copies come from a bucket of this engine, without versions"));
    };
    let conditions = Reading {
        if_match: input.copy_source_if_match,
        if_none_match: input.copy_source_if_none_match,
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    let CopyObjectInput { bucket, key, .. } = input;
    let replace = input.metadata_directive.is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
    let replacement = replace.then(|| Description {
        content_type: input.content_type,
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        expires: input.expires,
        metadata: input.metadata.unwrap_or_default(),
        ..Description::default()
    });
    let copy = store
        .transact(move |tx, now| {
            let original = store::require(tx, &from_bucket, &from_key)?;
            // A copy answers "not modified" with 412: there is nothing to hold on to.
            conditions.check(&original).map_err(|_| s3_error!(PreconditionFailed))?;
            store::require_bucket(tx, &bucket)?;
            if replacement.is_none() && *from_bucket == *bucket && *from_key == *key {
                return Err(s3_error!(InvalidRequest, "a copy onto itself has to replace the metadata").into());
            }
            let checksums = original.description.checksums.clone();
            let description = match replacement {
                Some(description) => Description { checksums, ..description },
                None => original.description,
            };
            let copy = Object { modified_ms: now, description, ..original };
            let bytes = store::read_bytes(tx, &from_bucket, &from_key)?;
            store::write(tx, &bucket, &key, &copy, &bytes)?;
            Ok(copy)
        })
        .await?;
    Ok(CopyObjectOutput {
        copy_object_result: Some(CopyObjectResult {
            e_tag: Some(ETag::Strong(copy.etag)),
            last_modified: Some(timestamp(copy.modified_ms)),
            ..CopyObjectResult::default()
        }),
        ..CopyObjectOutput::default()
    })
}
