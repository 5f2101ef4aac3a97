//! `If-…`: what a caller demands of the object that is there, in the order of RFC 9110.

use http::{HeaderMap, HeaderValue, header::ETAG};
use s3s::{
    S3Error,
    dto::{ETagCondition, Timestamp},
    s3_error,
};

use super::store::{Object, timestamp};

/// Conditions for reading.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

impl Reading {
    /// 412 or 304 if the object is not what the caller wants to read.
    pub(super) fn check(&self, object: &Object) -> Result<(), S3Error> {
        // Dates on the wire have whole seconds.
        let modified = timestamp(object.modified_ms / 1000 * 1000);
        let match_fails = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => !is_met(condition, object),
            (None, Some(since)) => modified > *since,
            (None, None) => false,
        };
        if match_fails {
            return Err(precondition_failed());
        }
        let unchanged = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => is_met(condition, object),
            (None, Some(since)) => modified <= *since,
            (None, None) => false,
        };
        if unchanged { Err(not_modified(object)) } else { Ok(()) }
    }
}

/// Conditions for writing. They are checked in the transaction that writes, so a race has one winner.
pub(super) struct Writing {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl Writing {
    pub(super) fn check(&self, existing: Option<&Object>) -> Result<(), S3Error> {
        if let Some(condition) = &self.if_match {
            let Some(existing) = existing else {
                return Err(s3_error!(NoSuchKey, "the specified key does not exist"));
            };
            if !is_met(condition, existing) {
                return Err(precondition_failed());
            }
        }
        let taken = |condition| existing.is_some_and(|existing| is_met(condition, existing));
        if self.if_none_match.as_ref().is_some_and(taken) {
            return Err(precondition_failed());
        }
        Ok(())
    }
}

fn is_met(condition: &ETagCondition, object: &Object) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.etag,
    }
}

fn precondition_failed() -> S3Error {
    s3_error!(PreconditionFailed, "at least one of the pre-conditions you specified did not hold")
}

fn not_modified(object: &Object) -> S3Error {
    let mut error = s3_error!(NotModified);
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", object.etag)) {
        error.set_headers(HeaderMap::from_iter([(ETAG, etag)]));
    }
    error
}
