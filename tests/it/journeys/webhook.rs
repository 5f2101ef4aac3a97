//! fal's callbacks: forged, foreign, early, repeated, late, unknown.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ed25519_dalek::{Signer, SigningKey};
use likeness_core::store::Saved;
use likeness_fal_emulator::{Fault, SubmitFault, WebhookFault};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::harness::Product;

/// A callback as its sender makes it; fields can be spoilt before it is sent.
#[derive(Clone)]
struct Callback {
    url: String,
    request_id: String,
    user_id: String,
    timestamp: i64,
    body: Vec<u8>,
    key: [u8; 32],
}

impl Callback {
    /// What fal would send for the only request of `product`, with `payload`.
    fn of(product: &Product, status: &str, payload: &Value) -> Self {
        let entry = product.fal().ledger().pop().unwrap();
        let body = json!({
            "request_id": entry.request_id, "gateway_request_id": entry.request_id, "status": status,
            "error": if status == "ERROR" { Some("Invalid status code: 422") } else { None }, "payload": payload
        });
        Self {
            url: entry.webhook_url.unwrap(),
            request_id: entry.request_id,
            user_id: product.fal().user_id().to_owned(),
            timestamp: product.test_clock.now().as_second(),
            body: body.to_string().into_bytes(),
            key: [7; 32],
        }
    }

    async fn send(&self, product: &Product) -> u16 {
        let hash = hex::encode(Sha256::digest(&self.body));
        let message = format!("{}\n{}\n{}\n{hash}", self.request_id, self.user_id, self.timestamp);
        let signature = SigningKey::from_bytes(&self.key).sign(message.as_bytes());
        let request = product
            .http
            .post(&self.url)
            .header("x-fal-webhook-request-id", &self.request_id)
            .header("x-fal-webhook-user-id", &self.user_id)
            .header("x-fal-webhook-timestamp", self.timestamp)
            .header("x-fal-webhook-signature", hex::encode(signature.to_bytes()))
            .body(self.body.clone());
        request.send().await.unwrap().status().as_u16()
    }
}

/// A product with one request at fal whose own callback never comes.
async fn silent() -> (Product, String) {
    let product = Product::start().await;
    product.fault(Fault::Webhook(WebhookFault::Never));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    assert_eq!(product.settled(&job).await["status"], "processing");
    (product, job)
}

async fn result_of(product: &Product) -> Value {
    let entry = product.fal().ledger().pop().unwrap();
    let url = format!("{}/fal-ai/flux/requests/{}", product.fal().url(), entry.request_id);
    product.http.get(url).header("authorization", "Key a:b").send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_fals_own_word_about_our_own_pending_shot_counts() {
    let (product, job) = silent().await;
    let genuine = Callback::of(&product, "OK", &result_of(&product).await);
    let other_shot = genuine.url.replace("-0&", "-1&");
    let without_binding = genuine.url.split('?').next().unwrap().to_owned();
    let wrong_nonce = genuine.url.split("nonce=").next().unwrap().to_owned() + "nonce=00000000000000000000000000000000";
    let spoilt = [
        ("another key", Callback { key: [8; 32], ..genuine.clone() }, 401),
        ("a foreign account", Callback { user_id: "somebody".to_owned(), ..genuine.clone() }, 401),
        ("too old", Callback { timestamp: genuine.timestamp - 301, ..genuine.clone() }, 401),
        ("from the future", Callback { timestamp: genuine.timestamp + 301, ..genuine.clone() }, 401),
        ("another shot", Callback { url: other_shot, ..genuine.clone() }, 404),
        ("another attempt", Callback { url: genuine.url.replace("attempt=1", "attempt=2"), ..genuine.clone() }, 404),
        ("a guessed address", Callback { url: wrong_nonce, ..genuine.clone() }, 404),
        ("no binding", Callback { url: without_binding, ..genuine.clone() }, 404),
        ("no JSON", Callback { body: b"{".to_vec(), ..genuine.clone() }, 400),
        (
            "another request",
            Callback {
                body: br#"{"request_id":"r-9","status":"OK","payload":{"images":[]}}"#.to_vec(),
                ..genuine.clone()
            },
            404,
        ),
    ];
    for (what, callback, expected) in spoilt {
        assert_eq!(callback.send(&product).await, expected, "{what}");
    }
    let unsigned = product.http.post(&genuine.url).body(genuine.body.clone()).send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    assert_eq!(product.settled(&job).await["shots"][0]["status"], "submitted", "nothing of that had an effect");

    assert_eq!(genuine.send(&product).await, 200);
    assert_eq!(product.settled(&job).await["status"], "completed");
    assert_eq!(genuine.send(&product).await, 200, "a repetition is acknowledged");
    product.finish().await;
}

/// fal's key set with a count of how often it was fetched. `x` can be changed, as fal rotates keys.
struct KeySet {
    url: String,
    x: Arc<Mutex<String>>,
    fetched: Arc<AtomicU32>,
}

const FALS_KEY: &str = "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw";
const OLD_KEY: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

impl KeySet {
    async fn start(x: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let (x, fetched) = (Arc::new(Mutex::new(x.to_owned())), Arc::new(AtomicU32::new(0)));
        let (served, counted) = (Arc::clone(&x), Arc::clone(&fetched));
        let answer = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let x = served.lock().unwrap().clone();
            async move { axum::Json(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x }] })) }
        };
        let router = axum::Router::new().route("/jwks.json", axum::routing::get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, x, fetched }
    }

    fn fetched(&self) -> u32 {
        self.fetched.load(Ordering::SeqCst)
    }
}

/// A product that trusts `keys`, with one request at fal whose own callback never comes.
async fn silent_with(keys: &KeySet) -> (Product, String, Callback) {
    let url = keys.url.clone();
    let product = Product::with(|options| options.environment.push(("FAL_JWKS_URL".to_owned(), url))).await;
    product.fault(Fault::Webhook(WebhookFault::Never));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.settled(&job).await;
    let genuine = Callback::of(&product, "OK", &result_of(&product).await);
    (product, job, genuine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_forgeries_do_not_become_a_flood_of_fetches() {
    let keys = KeySet::start(FALS_KEY).await;
    let (product, job, genuine) = silent_with(&keys).await;
    for number in 0..1000_u32 {
        let mut key = [9; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        assert_eq!(Callback { key, ..genuine.clone() }.send(&product).await, 401);
    }
    assert_eq!(keys.fetched(), 1, "the clock stands still, so the cool-down is not over");
    product.pass(60);
    let now = product.test_clock.now().as_second();
    let forged = Callback { key: [9; 32], timestamp: now, ..genuine.clone() };
    assert_eq!((forged.send(&product).await, forged.send(&product).await, keys.fetched()), (401, 401, 2));
    assert_eq!(Callback { timestamp: now, ..genuine }.send(&product).await, 200);
    assert_eq!(product.ended(&job).await["status"], "completed");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_keys_are_fetched_and_old_ones_forgotten_after_a_day() {
    let keys = KeySet::start(OLD_KEY).await;
    let (product, job, genuine) = silent_with(&keys).await;
    assert_eq!((genuine.send(&product).await, keys.fetched()), (401, 1), "not fal's key yet");
    FALS_KEY.clone_into(&mut keys.x.lock().unwrap());
    assert_eq!((genuine.send(&product).await, keys.fetched()), (401, 1), "within the cool-down");
    product.pass(61);
    let genuine = Callback { timestamp: product.test_clock.now().as_second(), ..genuine };
    assert_eq!((genuine.send(&product).await, keys.fetched()), (200, 2));
    assert_eq!((genuine.send(&product).await, keys.fetched()), (200, 2), "from the cache");
    OLD_KEY.clone_into(&mut keys.x.lock().unwrap());
    product.pass(24 * 3600);
    let genuine = Callback { timestamp: product.test_clock.now().as_second(), ..genuine };
    assert_eq!((genuine.send(&product).await, keys.fetched()), (401, 3), "a day later the key is withdrawn");
    product.ended(&job).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_keys_to_judge_by_fal_is_asked_to_call_again() {
    let nowhere = ("FAL_JWKS_URL".to_owned(), "http://127.0.0.1:9/jwks.json".to_owned());
    let product = Product::with(|options| options.environment.push(nowhere)).await;
    product.fault(Fault::Webhook(WebhookFault::Never));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.settled(&job).await;
    assert_eq!(Callback::of(&product, "OK", &result_of(&product).await).send(&product).await, 503);
    assert_eq!(product.ended(&job).await["status"], "completed", "the reconciler needs no callback");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn early_repeated_and_huge_callbacks_have_one_effect() {
    let product = Product::start().await;
    for fault in [
        WebhookFault::BeforeAnswer,
        WebhookFault::Duplicate { times: 3 },
        WebhookFault::OtherGatewayRequestId,
        WebhookFault::HugeBody,
    ] {
        product.fault(Fault::Webhook(fault.clone()));
        let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
        let job = product.ended(&job).await;
        assert_eq!(job["status"], "completed", "{fault:?}: {job}");
        assert_eq!(job["cost"]["settled"], 0.025);
        assert_eq!(job["result"]["images"][0]["providerRetried"], fault == WebhookFault::OtherGatewayRequestId);
    }
    assert_eq!(product.get("/api/v1/projects/demo/images").await["total"], 4);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_adopts_the_request_whose_answer_was_lost() {
    let product = Product::start().await;
    for fault in [SubmitFault::DropAfterAccept, SubmitFault::TruncatedAnswer, SubmitFault::Delay { ms: 1500 }] {
        product.fault(Fault::Submit(fault.clone()));
        let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
        let job = product.settled(&job).await;
        assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.025)), "{fault:?}: {job}");
    }
    assert_eq!(product.fal().ledger().len(), 3, "none was paid twice");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_was_faster_than_the_answer_binds_its_attempt_too() {
    let product = Product::start().await;
    product.fault(Fault::Submit(SubmitFault::DropAfterAccept));
    product.fault(Fault::Webhook(WebhookFault::Never));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.settled(&job).await;
    let refusal = json!({ "detail": [{ "msg": "no", "type": "content_policy_violation" }] });
    let error = Callback::of(&product, "ERROR", &refusal);
    assert_eq!(error.send(&product).await, 200);
    // What fal signed for another request, sent to the first one's address.
    let picture = Callback::of(&product, "OK", &result_of(&product).await);
    let other = format!("{}-other", picture.request_id);
    let body = String::from_utf8(picture.body).unwrap().replace(&picture.request_id, &other);
    let other = Callback { request_id: other, body: body.into_bytes(), ..error };
    assert_eq!(other.send(&product).await, 404, "the attempt is another request's");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_fal_could_not_send_is_fetched_at_once() {
    let product = Product::start().await;
    product.fault(Fault::Webhook(WebhookFault::NullPayload));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    let job = product.settled(&job).await;
    assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.025)), "{job}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_twin_that_comes_late_is_reported_and_not_charged() {
    let product = Product::start().await;
    // The first request is taken, its answer and its callback are lost; after the window a second one is sent.
    product.fault(Fault::Submit(SubmitFault::DropAfterAccept));
    product.fault(Fault::Webhook(WebhookFault::Never));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.settled(&job).await;
    let twin = Callback::of(&product, "OK", &result_of(&product).await);
    product.pass(26);
    assert_eq!(product.stack().reconcile().await.unwrap().given_up, 1);
    assert_eq!(product.settled(&job).await["status"], "completed");

    let twin = Callback { timestamp: product.test_clock.now().as_second(), ..twin };
    assert_eq!((twin.send(&product).await, twin.send(&product).await), (200, 200));
    let job = product.settled(&job).await;
    let attempts = job["shots"][0]["attempts"].as_array().unwrap();
    assert_eq!((&attempts[0]["outcome"], &attempts[0]["paidTwice"]), (&json!("lost"), &json!(true)), "{job}");
    assert_eq!(job["cost"]["paidTwice"], 0.025, "a line of its own: {job}");
    assert_eq!((&attempts[0]["providerCost"], &job["cost"]["settled"]), (&json!(0.025), &json!(0.025)));
    assert_eq!(product.get("/api/v1/projects/demo/images").await["total"], 1);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_attempt_is_adopted_while_nothing_was_sent_in_its_place() {
    let product = Product::with(|options| {
        options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), "1".to_owned()));
        options.fal.delay = Duration::from_millis(1);
    })
    .await;
    product.fault(Fault::Submit(SubmitFault::DropAfterAccept));
    product.fault(Fault::Webhook(WebhookFault::Never));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.settled(&job).await;
    let late = Callback::of(&product, "OK", &result_of(&product).await);
    // fal refuses us meanwhile, so the second attempt waits.
    let until = product.test_clock.now() + jiff::SignedDuration::from_secs(600);
    let stop = likeness_domain::admission::Stop::new(until, "test");
    assert_eq!(product.store().stop_lanes(stop, product.test_clock.now()).await.unwrap(), Saved::Yes);
    product.pass(26);
    product.stack().reconcile().await.unwrap();
    product.stack().settle().await;
    let late = Callback { timestamp: product.test_clock.now().as_second(), ..late };
    assert_eq!(late.send(&product).await, 200);
    let job = product.settled(&job).await;
    assert_eq!((&job["status"], product.fal().ledger().len()), (&json!("completed"), 1), "{job}");
    product.finish().await;
}
