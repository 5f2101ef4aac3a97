//! Headers that several routes read.

pub(crate) mod cancel_after;
pub(crate) mod idempotency;
pub(crate) mod prefer;
pub(crate) mod request_id;
