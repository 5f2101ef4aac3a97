//! Between fal and the product: records fal's own calls as they come, with their signatures, and passes them on or not.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, Uri},
};
use likeness_core::clients::http::http_builder;
use tokio::net::TcpListener;

use crate::harness::Product;

/// The headers that fal signs with.
pub(crate) const SIGNED: [&str; 4] =
    ["x-fal-webhook-request-id", "x-fal-webhook-user-id", "x-fal-webhook-timestamp", "x-fal-webhook-signature"];

/// One call of fal's; parts of it can be changed before it is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// Path and query: shot, attempt and nonce.
    pub(crate) path: String,
    /// The values of [`SIGNED`]; `None` leaves one out.
    pub(crate) headers: [Option<String>; 4],
    pub(crate) body: Bytes,
}

impl Call {
    /// Sends it to the product; returns the status.
    pub(crate) async fn send(&self, product: &Product) -> u16 {
        let mut request = product.http.post(format!("{}{}", product.stack().url(), self.path)).body(self.body.clone());
        for (name, value) in SIGNED.iter().zip(&self.headers) {
            if let Some(value) = value {
                request = request.header(*name, value);
            }
        }
        request.send().await.unwrap().status().as_u16()
    }
}

/// Where fal calls.
#[derive(Clone)]
pub(crate) struct Tap {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    passes: Arc<AtomicBool>,
    target: Arc<OnceLock<String>>,
}

impl Tap {
    /// A tap that records and keeps to itself; fal is told that it was heard.
    pub(crate) async fn closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let tap = Self { url, calls: Arc::default(), passes: Arc::default(), target: Arc::default() };
        let (heard, http) = (tap.clone(), http_builder().build().unwrap());
        let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let (heard, http) = (heard.clone(), http.clone());
            async move { heard.hear(&http, &uri, headers, body).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        tap
    }

    /// A product that fal reaches through this tap.
    pub(crate) async fn product(&self, settings: &[(&str, &str)]) -> Product {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<_> = settings.chain([("PUBLIC_URL".to_owned(), self.url.clone())]).collect();
        let product = Product::with(|options| options.environment.extend(settings)).await;
        self.target.set(product.stack().url().to_owned()).unwrap();
        product
    }

    /// Whether calls are passed on from now on.
    pub(crate) fn open(&self, passes: bool) {
        self.passes.store(passes, Ordering::SeqCst);
    }

    /// What fal said so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// What fal said last.
    pub(crate) fn last(&self) -> Call {
        self.calls().pop().unwrap()
    }

    async fn hear(&self, http: &reqwest::Client, uri: &Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
        let value = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let call = Call { path: uri.to_string(), headers: SIGNED.map(value), body: body.clone() };
        self.calls.lock().unwrap().push(call);
        if !self.passes.load(Ordering::SeqCst) {
            return StatusCode::OK;
        }
        let url = format!("{}{uri}", self.target.get().unwrap());
        let mut request = http.post(url).body(body);
        for name in SIGNED {
            request = request.header(name, headers[name].clone());
        }
        StatusCode::from_u16(request.send().await.unwrap().status().as_u16()).unwrap()
    }
}
