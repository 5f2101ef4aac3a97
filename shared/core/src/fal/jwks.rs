//! fal's published keys, kept for at most a day and fetched again, with a cool-down, when a signature matches none.
//!
//! Callbacks that the keys at hand can judge never wait for a fetch. Those that need one share it: whatever comes while
//! it is under way gets what it brings.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine, alphabet, engine::GeneralPurpose, engine::general_purpose::GeneralPurposeConfig};
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde::Deserialize;
use tokio::sync::Mutex as Turn;
use url::Url;

use super::{SignatureError, SignatureHeaders, VerifyingKeys};
use crate::clients::http::http_builder;

const KEEP: SignedDuration = SignedDuration::from_hours(24);
const COOL_DOWN: SignedDuration = SignedDuration::from_mins(1);
/// After a fetch that failed: long enough that a flood of callbacks is no flood of fetches, and shorter than fal's
/// repeats.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(5);
/// More than a hundred keys, where fal has one or two.
const LARGEST_SET: usize = 64 * 1024;

/// Why a callback could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// It is forged, stale or malformed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// fal's keys cannot be had: fal shall deliver again.
    #[error("fal's keys cannot be fetched")]
    Unavailable(#[source] Option<FetchError>),
}

/// Why a fetch brought no keys.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer, or none that is a key set.
    #[error("no answer that is a key set")]
    Http(#[from] reqwest::Error),
    /// Not read to its end.
    #[error("the key set is larger than any of fal's")]
    TooLarge,
    /// Not what the protocol promises.
    #[error("the key set cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

/// The key set and its cache.
#[derive(Debug)]
pub struct Jwks {
    http: Client,
    url: Url,
    /// Never held over a wait.
    cache: Mutex<Cache>,
    /// Held by the one that fetches.
    fetching: Turn<()>,
}

#[derive(Debug, Default)]
struct Cache {
    keys: Option<VerifyingKeys>,
    fetched_at: Option<Timestamp>,
    /// When a fetch last ended, and how many did: counted at the end, so that what comes meanwhile shares it.
    tried_at: Option<Timestamp>,
    tries: u64,
    /// The last fetch brought nothing: a signature that matches no key may still be fal's.
    failed: bool,
}

/// What the keys at hand say.
enum Judged {
    Known(Result<(), SignatureError>),
    /// A fetch would tell, and may not be made again yet.
    Later,
    /// A fetch will tell; so many ended before.
    AfterFetch(u64),
}

impl Jwks {
    /// A key set at `url`; nothing is fetched before the first callback.
    ///
    /// # Errors
    /// The machine has no usable TLS roots.
    pub fn new(url: Url) -> Result<Self, reqwest::Error> {
        let http = http_builder().timeout(Duration::from_secs(5)).build()?;
        Ok(Self { http, url, cache: Mutex::default(), fetching: Turn::default() })
    }

    /// Verifies `body` with the keys at hand; where none matches, once more with fresh ones.
    ///
    /// # Errors
    /// It is not believed, or there are no keys to judge it by.
    pub async fn verify(&self, headers: &SignatureHeaders<'_>, body: &[u8], now: Timestamp) -> Result<(), JwksError> {
        let tries = match self.cache().judge(headers, body, now) {
            Judged::Known(verdict) => return Ok(verdict?),
            Judged::Later => return Err(JwksError::Unavailable(None)),
            Judged::AfterFetch(tries) => tries,
        };
        let turn = self.fetching.lock().await;
        let mut failure = None;
        // Fetched by another while this one waited for its turn: what came of it holds for both.
        if self.cache().tries == tries {
            let fetched = self.fetch().await;
            failure = self.cache().take(fetched, now).err();
        }
        drop(turn);
        match self.cache().judge_now(headers, body, now) {
            Some(verdict) => Ok(verdict?),
            None => Err(JwksError::Unavailable(failure)),
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self) -> Result<VerifyingKeys, FetchError> {
        let mut answer = self.http.get(self.url.clone()).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LARGEST_SET {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let set: KeySet = serde_json::from_slice(&body)?;
        Ok(VerifyingKeys::new(set.keys.iter().filter_map(Jwk::bytes)))
    }
}

impl Cache {
    fn judge(&self, headers: &SignatureHeaders<'_>, body: &[u8], now: Timestamp) -> Judged {
        let within = |moment: Option<Timestamp>, length| moment.is_some_and(|then| now.duration_since(then) < length);
        let verdict = self.keys.as_ref().map(|keys| keys.verify(headers, body, now));
        match verdict {
            Some(Ok(())) if within(self.fetched_at, KEEP) => Judged::Known(Ok(())),
            Some(Err(error @ (SignatureError::Stale | SignatureError::Malformed))) => Judged::Known(Err(error)),
            _ if self.failed && within(self.tried_at, AFTER_FAILURE) => Judged::Later,
            // The keys may have changed; a flood of forgeries must not become a flood of fetches.
            Some(Err(SignatureError::NoMatch)) if !self.failed && within(self.tried_at, COOL_DOWN) => {
                Judged::Known(Err(SignatureError::NoMatch))
            }
            Some(Ok(()) | Err(SignatureError::NoMatch)) | None => Judged::AfterFetch(self.tries),
        }
    }

    /// After a fetch: by its keys, or where it failed by those that are not too old. `None` where nothing can be said.
    fn judge_now(
        &self,
        headers: &SignatureHeaders<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Option<Result<(), SignatureError>> {
        let verdict = self.keys.as_ref()?.verify(headers, body, now);
        let fresh = self.fetched_at.is_some_and(|then| now.duration_since(then) < KEEP);
        match verdict {
            Err(SignatureError::NoMatch) if self.failed => None,
            Ok(()) if !fresh => None,
            known => Some(known),
        }
    }

    fn take(&mut self, fetched: Result<VerifyingKeys, FetchError>, now: Timestamp) -> Result<(), FetchError> {
        (self.tries, self.tried_at) = (self.tries + 1, Some(now));
        self.failed = fetched.is_err();
        let keys = fetched?;
        // An empty set is a fault at fal, not a rotation.
        if self.keys.is_none() || !keys.is_empty() {
            self.keys = Some(keys);
        }
        self.fetched_at = Some(now);
        Ok(())
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

    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use ed25519_dalek::{Signer, SigningKey};
    use sha2::{Digest, Sha256};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        sync::Notify,
    };

    const X: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw"}]}"#;

    /// A host that answers one fetch after the other, each when it is let; the last answer is repeated.
    struct Host {
        jwks: Jwks,
        fetches: Arc<AtomicUsize>,
        go: Arc<Notify>,
    }

    async fn host(answers: &'static [&'static str]) -> Host {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap()).parse().unwrap();
        let (fetches, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, gate) = (Arc::clone(&fetches), Arc::clone(&go));
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst);
                assert!(connection.read(&mut [0; 4096]).await.unwrap() > 0);
                gate.notified().await;
                let answer = answers[number.min(answers.len() - 1)];
                let status = if answer.is_empty() { "503 Service Unavailable" } else { "200 OK" };
                let head =
                    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
                // The reader may have left: a set without end is not read to its end.
                let _ = connection.write_all(head.as_bytes()).await;
                let _ = connection.write_all(answer.as_bytes()).await;
            }
        });
        Host { jwks: Jwks::new(url).unwrap(), fetches, go }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    /// What a callback signed by the key of `seed` at `second` is judged to be.
    async fn verify(jwks: &Jwks, seed: u8, second: i64) -> Result<(), JwksError> {
        let timestamp = at(second).as_second().to_string();
        let message = format!("r-1\nuser-1\n{timestamp}\n{}", hex::encode(Sha256::digest(b"{}")));
        let signature = hex::encode(SigningKey::from_bytes(&[seed; 32]).sign(message.as_bytes()).to_bytes());
        let headers =
            SignatureHeaders { request_id: "r-1", user_id: "user-1", timestamp: &timestamp, signature: &signature };
        jwks.verify(&headers, b"{}", at(second)).await
    }

    fn forged(verdict: &Result<(), JwksError>) -> bool {
        matches!(verdict, Err(JwksError::Signature(SignatureError::NoMatch)))
    }

    fn later(verdict: &Result<(), JwksError>) -> bool {
        matches!(verdict, Err(JwksError::Unavailable(_)))
    }

    #[tokio::test]
    async fn whoever_comes_after_a_failed_fetch_is_told_to_come_again_and_not_that_it_is_forged() {
        let host = host(&[X, "", X]).await;
        host.go.notify_one();
        assert!(verify(&host.jwks, 7, 0).await.is_ok());
        // fal has changed its keys, for all that can be known.
        host.go.notify_one();
        assert!(later(&verify(&host.jwks, 8, 61).await));
        assert!(later(&verify(&host.jwks, 8, 62).await), "no fetch so soon, and no verdict without one");
        assert!(verify(&host.jwks, 7, 62).await.is_ok(), "what the keys at hand can judge is judged");
        assert_eq!(host.fetches.load(Ordering::SeqCst), 2);
        host.go.notify_one();
        assert!(forged(&verify(&host.jwks, 8, 70).await));
        assert!(forged(&verify(&host.jwks, 8, 71).await), "known for a minute");
        assert_eq!(host.fetches.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn callbacks_share_a_fetch_and_those_that_need_none_do_not_wait() {
        let host = host(&[X]).await;
        let (one, other, third, ()) =
            tokio::join!(verify(&host.jwks, 7, 0), verify(&host.jwks, 7, 0), verify(&host.jwks, 7, 0), async {
                host.go.notify_one();
            });
        assert!(one.is_ok() && other.is_ok() && third.is_ok());
        assert_eq!(host.fetches.load(Ordering::SeqCst), 1);
        // A host that does not answer holds up the one that asks it, and no other.
        let waits = verify(&host.jwks, 8, 61);
        tokio::pin!(waits);
        let known = async {
            while host.fetches.load(Ordering::SeqCst) < 2 {
                tokio::task::yield_now().await;
            }
            verify(&host.jwks, 7, 61).await
        };
        tokio::select! {
            biased;
            _ = &mut waits => panic!("the host has not answered"),
            known = known => assert!(known.is_ok()),
        }
        host.go.notify_one();
        assert!(forged(&waits.await));
    }

    #[tokio::test]
    async fn a_set_without_end_is_left() {
        let endless: &'static str = Box::leak("x".repeat(LARGEST_SET + 1).into_boxed_str());
        let host = host(Box::leak(Box::new([endless]))).await;
        host.go.notify_one();
        let verdict = verify(&host.jwks, 7, 0).await;
        assert!(matches!(verdict, Err(JwksError::Unavailable(Some(FetchError::TooLarge)))), "{verdict:?}");
    }
}
