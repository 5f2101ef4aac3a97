//! The signature of a callback: Ed25519 over four lines of text, by any one of fal's published keys. Pure.

use ed25519_dalek::{Signature, VerifyingKey};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// How far the signed time may lie from ours, either way.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The four headers, verbatim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureHeaders<'a> {
    /// `X-Fal-Webhook-Request-Id`.
    pub request_id: &'a str,
    /// `X-Fal-Webhook-User-Id`.
    pub user_id: &'a str,
    /// `X-Fal-Webhook-Timestamp`: Unix seconds.
    pub timestamp: &'a str,
    /// `X-Fal-Webhook-Signature`: 128 hex digits.
    pub signature: &'a str,
}

/// Why a callback is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The timestamp is no number or too far from now.
    #[error("the timestamp is not within five minutes of now")]
    Stale,
    /// The signature is not 128 hex digits.
    #[error("the signature is not 128 hex digits")]
    Malformed,
    /// No key of fal's made it.
    #[error("no key of fal's made the signature")]
    NoMatch,
}

/// fal's keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyingKeys(Vec<VerifyingKey>);

impl VerifyingKeys {
    /// From the raw 32 bytes of each; what is no point on the curve is left out.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self(keys.into_iter().filter_map(|bytes| VerifyingKey::from_bytes(&bytes).ok()).collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Verifies the raw `body`. No key id is sent, so every key is tried.
    ///
    /// # Errors
    /// It is not believed; only [`SignatureError::NoMatch`] can change with newer keys.
    pub fn verify(&self, headers: &SignatureHeaders<'_>, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
        let signed_at: i64 = headers.timestamp.parse().map_err(|_| SignatureError::Stale)?;
        let signed_at = Timestamp::from_second(signed_at).map_err(|_| SignatureError::Stale)?;
        if now.duration_since(signed_at).abs() > TOLERANCE {
            return Err(SignatureError::Stale);
        }
        let mut bytes = [0; 64];
        hex::decode_to_slice(headers.signature, &mut bytes).map_err(|_| SignatureError::Malformed)?;
        let signature = Signature::from_bytes(&bytes);
        let message = format!(
            "{}\n{}\n{}\n{}",
            headers.request_id,
            headers.user_id,
            headers.timestamp,
            hex::encode(Sha256::digest(body))
        );
        let believed = self.0.iter().any(|key| key.verify_strict(message.as_bytes(), &signature).is_ok());
        if believed { Ok(()) } else { Err(SignatureError::NoMatch) }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    const BODY: &[u8] =
        br#"{"request_id":"r-1","gateway_request_id":"r-1","status":"OK","payload":{"seed":196619188014358660}}"#;
    const HEADERS: SignatureHeaders<'static> = SignatureHeaders {
        request_id: "r-1",
        user_id: "user-1",
        timestamp: "1795000000",
        signature: "b61eaa936cab0e8beb596e88f7129d1f0afff9039444b81300877e37f6a43235708badfab1631d4a5558407fdd84f672100ffe7c2382f947f7d502e659f2b60e",
    };

    fn keys() -> VerifyingKeys {
        let x = URL_SAFE_NO_PAD.decode("6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw").unwrap();
        VerifyingKeys::new([[9; 32], x.try_into().unwrap()])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_vector_verifies_with_any_of_the_keys() {
        assert_eq!(keys().verify(&HEADERS, BODY, at(1_795_000_000)), Ok(()));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        for index in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[index] ^= 1;
            assert_eq!(keys().verify(&HEADERS, &body, at(1_795_000_000)), Err(SignatureError::NoMatch));
        }
        let altered = [
            SignatureHeaders { request_id: "r-2", ..HEADERS },
            SignatureHeaders { user_id: "user-2", ..HEADERS },
            SignatureHeaders { timestamp: "1795000001", ..HEADERS },
        ];
        for headers in altered {
            assert_eq!(keys().verify(&headers, BODY, at(1_795_000_000)), Err(SignatureError::NoMatch));
        }
        let base64 = SignatureHeaders { signature: "th6qk2yrDov", ..HEADERS };
        assert_eq!(keys().verify(&base64, BODY, at(1_795_000_000)), Err(SignatureError::Malformed));
        assert_eq!(VerifyingKeys::default().verify(&HEADERS, BODY, at(1_795_000_000)), Err(SignatureError::NoMatch));
    }

    #[test]
    fn five_minutes_either_way_and_no_more() {
        for (second, expected) in
            [(-301, Err(SignatureError::Stale)), (-300, Ok(())), (300, Ok(())), (301, Err(SignatureError::Stale))]
        {
            assert_eq!(keys().verify(&HEADERS, BODY, at(1_795_000_000 + second)), expected, "{second}");
        }
        let headers = SignatureHeaders { timestamp: "soon", ..HEADERS };
        assert_eq!(keys().verify(&headers, BODY, at(1_795_000_000)), Err(SignatureError::Stale));
    }
}
