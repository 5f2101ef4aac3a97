//! Keys as an issuer publishes them (RFC 7517), and signatures that they make. ring verifies, as it does for TLS.

use std::collections::HashMap;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde_json::Value;

/// Most keys of a set: an issuer has two or three.
const MOST_KEYS: usize = 64;

/// How a token may be signed: by a key that only its issuer has. So none that is shared (`HS256`), and not `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

/// A public key.
#[derive(Debug)]
pub(super) struct Key {
    material: Material,
    /// The only way in which it signs, where the issuer says.
    only: Option<Algorithm>,
}

#[derive(Debug)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// Points, uncompressed.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

impl Algorithm {
    /// By its registered name, letter for letter.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }
}

/// The keys of a set by their ids; what is no key for signatures of ours is left out.
pub(super) fn keys(document: &[u8]) -> Result<HashMap<String, Key>, serde_json::Error> {
    let KeySet { keys } = serde_json::from_slice(document)?;
    Ok(keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()?.key()).take(MOST_KEYS).collect())
}

impl Jwk {
    fn key(self) -> Option<(String, Key)> {
        let signs = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let verifies = self.key_ops.as_ref().is_none_or(|uses| uses.iter().any(|one| one == "verify"));
        // One that signs in another way alone signs nothing of ours.
        let only = match &self.alg {
            Some(name) => Some(Algorithm::named(name)?),
            None => None,
        };
        let material = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Material::Rsa { n: bytes(&self.n)?, e: bytes(&self.e)? },
            ("EC", Some("P-256")) => Material::P256(point(&self.x, &self.y, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(&self.x, &self.y, 48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes(&self.x)?),
            _ => return None,
        };
        (signs && verifies).then_some((self.kid, Key { material, only }))
    }
}

/// Padding is not in the standard, and in some sets.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::URL_SAFE, config).decode(text).ok().filter(|bytes| !bytes.is_empty())
}

fn point(x: &str, y: &str, length: usize) -> Option<Vec<u8>> {
    let (x, y) = (bytes(x)?, bytes(y)?);
    (x.len() == length && y.len() == length).then(|| [&[4], &x[..], &y].concat())
}

impl Key {
    /// Whether it signed `message` in the way of `algorithm`.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if self.only.is_some_and(|only| only != algorithm) {
            return false;
        }
        let (rsa, other) = (
            |n: &[u8], e: &[u8], how: &'static RsaParameters| {
                RsaPublicKeyComponents { n, e }.verify(how, message, signature).is_ok()
            },
            |key: &[u8], how: &'static dyn VerificationAlgorithm| {
                UnparsedPublicKey::new(how, key).verify(message, signature).is_ok()
            },
        );
        match (&self.material, algorithm) {
            (Material::Rsa { n, e }, Algorithm::Rs256) => rsa(n, e, &RSA_PKCS1_2048_8192_SHA256),
            (Material::Rsa { n, e }, Algorithm::Rs384) => rsa(n, e, &RSA_PKCS1_2048_8192_SHA384),
            (Material::Rsa { n, e }, Algorithm::Rs512) => rsa(n, e, &RSA_PKCS1_2048_8192_SHA512),
            (Material::Rsa { n, e }, Algorithm::Ps256) => rsa(n, e, &RSA_PSS_2048_8192_SHA256),
            (Material::Rsa { n, e }, Algorithm::Ps384) => rsa(n, e, &RSA_PSS_2048_8192_SHA384),
            (Material::Rsa { n, e }, Algorithm::Ps512) => rsa(n, e, &RSA_PSS_2048_8192_SHA512),
            (Material::P256(key), Algorithm::Es256) => other(key, &ECDSA_P256_SHA256_FIXED),
            (Material::P384(key), Algorithm::Es384) => other(key, &ECDSA_P384_SHA384_FIXED),
            (Material::Ed25519(key), Algorithm::EdDsa) => other(key, &ED25519),
            (Material::Rsa { .. } | Material::P256(_) | Material::P384(_) | Material::Ed25519(_), _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use serde_json::json;

    use super::*;

    /// From RFC 8037, appendix A.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn one(key: &Value) -> Option<Key> {
        keys(json!({ "keys": [key] }).to_string().as_bytes()).unwrap().remove("a")
    }

    #[test]
    fn a_key_for_something_else_is_none() {
        let good = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "a" });
        let with = |name: &str, value: Value| {
            let mut key = good.clone();
            key[name] = value;
            one(&key)
        };
        assert!(with("use", json!("sig")).is_some() && with("key_ops", json!(["sign", "verify"])).is_some());
        assert!(with("alg", json!("EdDSA")).is_some() && with("x5c", json!(["AAAA"])).is_some());
        let bad = [
            ("use", json!("enc")),
            ("key_ops", json!(["deriveKey"])),
            ("alg", json!("HS256")),
            ("alg", json!("ECDH-ES")),
            ("crv", json!("X25519")),
            ("kty", json!("oct")),
            ("kty", json!("EC")),
            ("x", json!("")),
            ("x", json!("+/")),
            ("kid", json!(7)),
        ];
        for (name, value) in bad {
            assert!(with(name, value.clone()).is_none(), "{name} {value}");
        }
        let set = json!({ "keys": [7, null, { "kty": "RSA" }, good] });
        assert_eq!(
            keys(set.to_string().as_bytes()).unwrap().len(),
            1,
            "the others of the set are no reason to refuse it"
        );
        assert!(keys(b"{}").is_err() && keys(b"[]").is_err() && keys(b"").is_err());
        let many: Vec<_> =
            (0..100).map(|kid| json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": format!("{kid}") })).collect();
        assert_eq!(keys(json!({ "keys": many }).to_string().as_bytes()).unwrap().len(), MOST_KEYS);
    }

    #[test]
    fn a_key_verifies_in_its_own_way_and_in_no_other() {
        let rng = SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair.as_ref(), &rng).unwrap();
        let signature = pair.sign(&rng, b"message").unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.encode(part));
        let jwk = |alg: Option<&str>| json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "a", "alg": alg });
        let key = one(&jwk(None)).unwrap();
        assert!(key.verifies(Algorithm::Es256, b"message", signature.as_ref()));
        assert!(!key.verifies(Algorithm::Es256, b"massage", signature.as_ref()));
        for other in [Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Ps256] {
            assert!(!key.verifies(other, b"message", signature.as_ref()), "{other:?}");
        }
        assert!(one(&jwk(Some("ES256"))).unwrap().verifies(Algorithm::Es256, b"message", signature.as_ref()));
        assert!(!one(&jwk(Some("ES384"))).unwrap().verifies(Algorithm::Es256, b"message", signature.as_ref()));
        // As CVE-2022-21449 had it.
        assert!(!key.verifies(Algorithm::Es256, b"message", &[0; 64]));
    }
}
