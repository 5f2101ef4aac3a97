//! API tokens: made here once, shown once, kept as a hash.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use likeness_core::entropy::Entropy;
use sha2::{Digest, Sha256};

/// A fresh token with 256 bits of chance.
#[must_use]
pub fn new_token(entropy: &Entropy) -> String {
    format!("lk_{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()))
}

/// What is kept of a token. A plain hash will do, as nobody can guess 256 bits.
#[must_use]
pub fn token_sha256(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// The part of a token that may be shown in lists.
#[must_use]
pub fn token_hint(token: &str) -> String {
    token.chars().take(6).collect::<String>() + "…"
}
