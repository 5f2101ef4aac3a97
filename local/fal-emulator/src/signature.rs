//! Signs webhooks as fal does, with a key that is no secret.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The seed of the emulator's key.
const SEED: [u8; 32] = [7; 32];
/// The seed of a key that is in no published key set.
const WRONG_SEED: [u8; 32] = [8; 32];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signatory {
    Emulator,
    Impostor,
}

/// The signature's hex, over the three header values and the hash of the body.
pub(super) fn sign(signatory: Signatory, request_id: &str, user_id: &str, timestamp: &str, body: &[u8]) -> String {
    let message = [request_id, user_id, timestamp, &hex::encode(Sha256::digest(body))].join("\n");
    let seed = match signatory {
        Signatory::Emulator => SEED,
        Signatory::Impostor => WRONG_SEED,
    };
    hex::encode(SigningKey::from_bytes(&seed).sign(message.as_bytes()).to_bytes())
}

/// The key set of `/.well-known/jwks.json`.
pub(super) fn jwks() -> Value {
    let key = SigningKey::from_bytes(&SEED).verifying_key();
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": BASE64_URL_SAFE_NO_PAD.encode(key.as_bytes()) }] })
}

#[cfg(test)]
mod tests {
    use super::{Signatory, jwks, sign};

    #[test]
    fn the_vector_of_the_protocol_sheet_holds() {
        let body =
            br#"{"request_id":"r-1","gateway_request_id":"r-1","status":"OK","payload":{"seed":196619188014358660}}"#;
        assert_eq!(
            sign(Signatory::Emulator, "r-1", "user-1", "1795000000", body),
            "b61eaa936cab0e8beb596e88f7129d1f0afff9039444b81300877e37f6a43235708badfab1631d4a5558407fdd84f672100ffe7c2382f947f7d502e659f2b60e"
        );
        assert_eq!(jwks()["keys"][0]["x"], "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw");
    }
}
