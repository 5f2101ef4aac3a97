//! The fal emulator against the protocol sheet, with plain HTTP calls and no code of the product.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

mod faults;
mod files;
mod models;
mod persistence;
mod queue;
mod webhooks;

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::State, routing::post};
use http::{HeaderMap, Method, StatusCode};
use likeness_domain::{clock::Clock, rng::Rng};
use likeness_fal_emulator::{Emulator, EmulatorOptions, Fault, FaultRule, WebhookPacing};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{
        Mutex,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
};

const KEY: &str = "Key key-id:key-secret";
const DEV: &str = "fal-ai/flux/dev";

/// An emulator and a client of it.
struct Fal {
    emulator: Emulator,
    http: Client,
}

impl Fal {
    async fn start() -> Self {
        Self::with(quick()).await
    }

    async fn with(options: EmulatorOptions) -> Self {
        let emulator = Emulator::start(free_port().await, options, Clock::system()).await.unwrap();
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { emulator, http }
    }

    fn fault(&self, fault: Fault) {
        self.emulator.faults().add(FaultRule::once(fault));
    }

    /// A call with the key; `path` may be a whole URL.
    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}/{path}", self.emulator.url()) };
        self.http.request(method, url).header("authorization", KEY)
    }

    async fn get(&self, path: &str) -> Response {
        self.call(Method::GET, path).send().await.unwrap()
    }

    async fn submit(&self, endpoint: &str, input: Value) -> Response {
        self.call(Method::POST, endpoint).json(&input).send().await.unwrap()
    }

    /// A submit with a webhook.
    fn hooked(&self, endpoint: &str, hook: &str) -> RequestBuilder {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("fal_webhook", hook).finish();
        self.call(Method::POST, &format!("{endpoint}?{query}"))
    }

    /// The request id of an accepted submit.
    async fn accepted(&self, endpoint: &str, input: Value) -> String {
        let answer = self.submit(endpoint, input).await;
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.unwrap();
        body["request_id"].as_str().unwrap().to_owned()
    }

    /// Submits, waits, and returns the answer of the result GET.
    async fn result(&self, endpoint: &str, input: Value) -> Response {
        let id = self.accepted(endpoint, input).await;
        self.emulator.idle().await;
        self.get(&format!("{endpoint}/requests/{id}")).await
    }

    async fn output(&self, endpoint: &str, input: Value) -> Value {
        let answer = self.result(endpoint, input).await;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{body}");
        body
    }

    /// A file of the file host, without a key.
    async fn file(&self, output: &Value) -> Response {
        self.http.get(output["images"][0]["url"].as_str().unwrap()).send().await.unwrap()
    }
}

/// Options that make the pauses of a test short and its ids repeatable.
fn quick() -> EmulatorOptions {
    EmulatorOptions {
        rng: Rng::seeded(1),
        webhooks: WebhookPacing { first_pause: Duration::from_millis(5), repeats: 3, ..WebhookPacing::default() },
        ..EmulatorOptions::default()
    }
}

async fn free_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// A small picture, to keep drawing short.
fn small(prompt: &str) -> Value {
    json!({ "prompt": prompt, "image_size": { "width": 128, "height": 192 }, "seed": 7, "output_format": "png" })
}

/// A customer's webhook that answers as told, and 200 when nothing is told any more.
struct Webhook {
    url: String,
    calls: UnboundedReceiver<(HeaderMap, Bytes)>,
}

type Answers = Arc<(Mutex<Vec<StatusCode>>, UnboundedSender<(HeaderMap, Bytes)>)>;

impl Webhook {
    async fn start(answers: &[u16]) -> Self {
        let answers = answers.iter().rev().map(|status| StatusCode::from_u16(*status).unwrap()).collect();
        let (sender, calls) = unbounded_channel();
        let state: Answers = Arc::new((Mutex::new(answers), sender));
        let listener = free_port().await;
        let url = format!("http://{}/hook?shot=s1", listener.local_addr().unwrap());
        let app = Router::new().route("/hook", post(receive)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, calls }
    }

    async fn next(&mut self) -> (HeaderMap, Value) {
        let (headers, body) = self.calls.recv().await.unwrap();
        (headers, serde_json::from_slice(&body).unwrap())
    }
}

async fn receive(State(state): State<Answers>, headers: HeaderMap, body: Bytes) -> StatusCode {
    state.1.send((headers, body)).unwrap();
    state.0.lock().await.pop().unwrap_or(StatusCode::OK)
}
