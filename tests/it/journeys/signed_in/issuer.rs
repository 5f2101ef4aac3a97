//! An issuer of tokens on this machine: its keys, a server that publishes them, and tokens, good and bad.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::{Router, http::StatusCode, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use reqwest::Method;
use ring::{
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, PublicKeyComponents},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    harness::{Product, answer},
    journeys::access::as_holder,
};

pub(super) const AUDIENCE: &str = "likeness-tests";

/// Made for these tests, and good for nothing else: ring makes no RSA keys.
const RSA: &[u8] = include_bytes!("rsa.pk8");

/// A key of the issuer, or of one who would be it.
pub(super) enum Signer {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    pub(super) fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(RSA).unwrap()))
    }

    pub(super) fn ec() -> Self {
        let (rng, how) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pair = EcdsaKeyPair::generate_pkcs8(how, &rng).unwrap();
        Self::Ec(EcdsaKeyPair::from_pkcs8(how, pair.as_ref(), &rng).unwrap())
    }

    pub(super) fn ed() -> Self {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed(Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap())
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    /// As it is published.
    pub(super) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let (n, e) = (text(&n), text(&e));
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": n, "e": e })
            }
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": text(x), "y": text(y) })
            }
            Self::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": text(pair.public_key().as_ref()) })
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let rng = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &rng, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(pair) => pair.sign(&rng, message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with just these parts.
    pub(super) fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// A token without its signature.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}")
}

#[derive(Clone)]
pub(super) struct Issuer {
    pub(super) url: String,
    published: Arc<Mutex<String>>,
    fetches: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
}

impl Issuer {
    /// One that publishes these keys.
    pub(super) async fn start(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self { url, published: Arc::default(), fetches: Arc::default(), down: Arc::default() };
        issuer.publish(keys);
        let asked = issuer.clone();
        let keys = move || {
            asked.fetches.fetch_add(1, Ordering::SeqCst);
            let status = if asked.down.load(Ordering::SeqCst) { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
            let published = asked.published.lock().unwrap().clone();
            async move { (status, published) }
        };
        let router = Router::new().route("/.well-known/jwks.json", get(keys));
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    pub(super) fn publish(&self, keys: &[Value]) {
        self.publish_text(json!({ "keys": keys }).to_string());
    }

    pub(super) fn publish_text(&self, text: String) {
        *self.published.lock().unwrap() = text;
    }

    pub(super) fn down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    pub(super) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    /// A product whose users sign in here.
    pub(super) async fn product(&self) -> Product {
        self.product_with(&[]).await
    }

    pub(super) async fn product_with(&self, settings: &[(&str, &str)]) -> Product {
        let own = [("JWT_ISSUER", self.url.as_str()), ("JWT_AUDIENCE", AUDIENCE)];
        let settings = own.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Product::with(|options| options.environment.extend(settings)).await
    }

    /// What it says of the user `demo` at `now`.
    pub(super) fn claims(&self, now: Timestamp) -> Value {
        json!({
            "iss": self.url, "aud": AUDIENCE, "sub": "demo", "scope": "openid read write generate admin",
            "iat": now.as_second(), "exp": now.as_second() + 300
        })
    }

    /// A good token of `signer`.
    pub(super) fn token(&self, signer: &Signer, kid: &str, now: Timestamp) -> String {
        signer.token(&json!({ "alg": signer.algorithm(), "kid": kid, "typ": "JWT" }), &self.claims(now))
    }
}

/// The status with which the bearer of `token` sees the project `demo`.
pub(super) async fn status_of(product: &Product, token: &str) -> StatusCode {
    answer(as_holder(product, token, Method::GET, "/api/v1/projects/demo")).await.0
}
