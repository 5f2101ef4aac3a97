//! Headers that several routes read.

pub(crate) mod cache;
pub(crate) mod cancel_after;
pub(crate) mod etag;
pub(crate) mod idempotency;
pub(crate) mod once;
pub(crate) mod options;
pub(crate) mod prefer;
pub(crate) mod rate_limit;
pub(crate) mod request_id;
