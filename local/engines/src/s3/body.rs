//! Bytes on their way in: collected, digested, and compared with the checksums that came along.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderMap;
use s3s::{
    S3Error, S3Result, TrailingHeaders,
    crypto::{Checksum, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256},
    dto::StreamingBlob,
    s3_error,
};

use super::store::Checksums;
use crate::md5;

/// The most that one put or part may bring: it has to fit into memory and into one SQLite value.
const MAX_BYTES: usize = 256 << 20;

/// What was received, whole and as promised.
pub(super) struct Upload {
    pub(super) bytes: Bytes,
    pub(super) md5: [u8; 16],
    pub(super) checksums: Checksums,
}

/// What the request says about its body.
pub(super) struct Promise {
    /// Base64.
    pub(super) md5: Option<String>,
    pub(super) checksums: Checksums,
    /// Where SDKs put their checksum by default: behind the body.
    pub(super) trailers: Option<TrailingHeaders>,
}

/// Reads the body to its end and checks it.
pub(super) async fn receive(body: Option<StreamingBlob>, promise: Promise) -> S3Result<Upload> {
    let mut collected = BytesMut::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| {
                let mut refusal = s3_error!(IncompleteBody, "the body ended early or its signature is wrong");
                refusal.set_source(error);
                refusal
            })?;
            if collected.len() + chunk.len() > MAX_BYTES {
                return Err(s3_error!(EntityTooLarge, "this engine takes {MAX_BYTES} bytes at a time"));
            }
            collected.extend_from_slice(&chunk);
        }
    }
    let bytes = collected.freeze();
    let checked = tokio::task::spawn_blocking(move || check(bytes, promise));
    checked.await.map_err(|panic| s3_error!(panic, InternalError))?
}

fn check(bytes: Bytes, promise: Promise) -> S3Result<Upload> {
    let Promise { md5: promised_md5, mut checksums, trailers } = promise;
    if let Some(trailers) = trailers.and_then(|trailers| trailers.take()) {
        checksums.fill_from(&trailers);
    }
    let md5 = md5::digest(&bytes);
    let promised = [
        ("Content-MD5", &promised_md5, BASE64_STANDARD.encode(md5)),
        ("CRC32", &checksums.crc32, compute::<Crc32>(&checksums.crc32, &bytes)),
        ("CRC32C", &checksums.crc32c, compute::<Crc32c>(&checksums.crc32c, &bytes)),
        ("CRC64NVME", &checksums.crc64nvme, compute::<Crc64Nvme>(&checksums.crc64nvme, &bytes)),
        ("SHA1", &checksums.sha1, compute::<Sha1>(&checksums.sha1, &bytes)),
        ("SHA256", &checksums.sha256, compute::<Sha256>(&checksums.sha256, &bytes)),
    ];
    for (name, promised, actual) in promised {
        if promised.as_ref().is_some_and(|promised| *promised != actual) {
            return Err(bad_digest(name));
        }
    }
    Ok(Upload { bytes, md5, checksums })
}

/// Computes only what was promised.
fn compute<C: Checksum>(promised: &Option<String>, bytes: &[u8]) -> String {
    promised.as_ref().map(|_| BASE64_STANDARD.encode(C::checksum(bytes))).unwrap_or_default()
}

fn bad_digest(name: &str) -> S3Error {
    s3_error!(BadDigest, "the {name} you specified did not match the calculated checksum")
}

impl Checksums {
    fn fill_from(&mut self, trailers: &HeaderMap) {
        for (name, field) in [
            ("x-amz-checksum-crc32", &mut self.crc32),
            ("x-amz-checksum-crc32c", &mut self.crc32c),
            ("x-amz-checksum-crc64nvme", &mut self.crc64nvme),
            ("x-amz-checksum-sha1", &mut self.sha1),
            ("x-amz-checksum-sha256", &mut self.sha256),
        ] {
            if let Some(value) = trailers.get(name).and_then(|value| value.to_str().ok()) {
                *field = Some(value.to_owned());
            }
        }
    }
}
