//! fal's published keys, kept for at most a day and fetched again, with a cool-down, when a signature matches none.

use std::time::Duration;

use base64::{Engine, alphabet, engine::GeneralPurpose, engine::general_purpose::GeneralPurposeConfig};
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::{SignatureError, SignatureHeaders, VerifyingKeys};
use crate::clients::http::http_builder;

const KEEP: SignedDuration = SignedDuration::from_hours(24);
const COOL_DOWN: SignedDuration = SignedDuration::from_mins(1);

/// Why a callback could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// It is forged, stale or malformed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// fal's keys could not be fetched: fal shall deliver again.
    #[error("fal's keys could not be fetched")]
    Unavailable(#[source] reqwest::Error),
}

/// The key set and its cache.
#[derive(Debug)]
pub struct Jwks {
    http: Client,
    url: Url,
    cache: Mutex<Option<Cached>>,
}

#[derive(Debug)]
struct Cached {
    keys: VerifyingKeys,
    fetched_at: Timestamp,
    tried_at: Timestamp,
}

impl Jwks {
    /// A key set at `url`; nothing is fetched before the first callback.
    ///
    /// # Errors
    /// The machine has no usable TLS roots.
    pub fn new(url: Url) -> Result<Self, reqwest::Error> {
        let http = http_builder().timeout(Duration::from_secs(5)).build()?;
        Ok(Self { http, url, cache: Mutex::new(None) })
    }

    /// Verifies `body` with the keys at hand; where none matches, once more with fresh ones.
    ///
    /// # Errors
    /// It is not believed, or there are no keys to judge it by.
    pub async fn verify(&self, headers: &SignatureHeaders<'_>, body: &[u8], now: Timestamp) -> Result<(), JwksError> {
        let mut cache = self.cache.lock().await;
        if let Some(cached) = cache.as_mut() {
            let fresh = now.duration_since(cached.fetched_at) < KEEP;
            let verdict = cached.keys.verify(headers, body, now);
            match verdict {
                Ok(()) if fresh => return Ok(()),
                Err(SignatureError::Stale | SignatureError::Malformed) => return Ok(verdict?),
                // The keys may have changed; a flood of forgeries must not become a flood of fetches.
                Err(SignatureError::NoMatch) if fresh && now.duration_since(cached.tried_at) < COOL_DOWN => {
                    return Ok(verdict?);
                }
                Ok(()) | Err(SignatureError::NoMatch) => cached.tried_at = now,
            }
        }
        let mut keys = self.fetch().await.map_err(JwksError::Unavailable)?;
        if let Some(cached) = cache.as_ref().filter(|_| keys.is_empty()) {
            // An empty set is a fault at fal, not a rotation.
            keys = cached.keys.clone();
        }
        let verdict = keys.verify(headers, body, now);
        *cache = Some(Cached { keys, fetched_at: now, tried_at: now });
        Ok(verdict?)
    }

    async fn fetch(&self) -> Result<VerifyingKeys, reqwest::Error> {
        let set: KeySet = self.http.get(self.url.clone()).send().await?.error_for_status()?.json().await?;
        Ok(VerifyingKeys::new(set.keys.iter().filter_map(Jwk::bytes)))
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    #[serde(default)]
    x: String,
    #[serde(default)]
    crv: Option<String>,
}

impl Jwk {
    /// fal's own samples hold values with and without padding.
    fn bytes(&self) -> Option<[u8; 32]> {
        let config =
            GeneralPurposeConfig::new().with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);
        let bytes = GeneralPurpose::new(&alphabet::URL_SAFE, config).decode(&self.x).ok()?;
        let ed25519 = self.crv.as_deref().is_none_or(|curve| curve == "Ed25519");
        bytes.try_into().ok().filter(|_| ed25519)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_does_not_matter_and_other_curves_do() {
        let jwk = |x: &str, crv: &str| Jwk { x: x.to_owned(), crv: Some(crv.to_owned()) }.bytes();
        let x = "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw";
        assert!(jwk(x, "Ed25519").is_some());
        assert_eq!(jwk(&format!("{x}="), "Ed25519"), jwk(x, "Ed25519"));
        assert!(jwk(x, "X25519").is_none());
        assert!(jwk("AAAA", "Ed25519").is_none());
    }
}
