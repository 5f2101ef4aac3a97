//! MD5, which S3 uses for ETags and SQS for its receipts of bodies. Not a protection against anyone.

use s3s::crypto::{Checksum, Md5};

/// The digest of `data`.
pub(super) fn digest(data: &[u8]) -> [u8; 16] {
    Md5::checksum(data)
}

/// The digest of `data` in lower-case hexadecimal.
pub(super) fn hex(data: &[u8]) -> String {
    hex::encode(digest(data))
}
