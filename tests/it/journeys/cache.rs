//! The same request again is answered without a call to fal, as long as its result is good.

use http::{Method, StatusCode};
use likeness_fal_emulator::{ErrorBody, Fault, GenerationFault};
use serde_json::{Value, json};

use crate::harness::{Product, answer};

const MASTER: &str = "/api/v1/projects/demo/images/generate/master";

/// Sends a request as it is; returns the answer's status, its `Cache-Status`, and its body.
async fn send(product: &Product, path: &str, body: &Value) -> (StatusCode, String, Value) {
    let response = product.request(Method::POST, path).json(body).send().await.unwrap();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, cache) = (response.status(), header("cache-status").unwrap_or_default());
    (status, cache, response.json().await.unwrap())
}

fn keeper() -> Value {
    json!({
        "subjectType": "character", "subjectId": "keeper", "description": "a lighthouse keeper in a yellow raincoat"
    })
}

async fn made(product: &Product, path: &str, body: &Value) -> Value {
    let (status, cache, job) = send(product, path, body).await;
    assert_eq!((status, cache.as_str()), (StatusCode::ACCEPTED, ""), "{job}");
    product.ended(job["jobId"].as_str().unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_is_answered_by_the_earlier_job() {
    let product = Product::start().await;
    let first = made(&product, MASTER, &keeper()).await;
    let paid = product.fal().ledger().len();

    let (status, cache, again) = send(&product, MASTER, &keeper()).await;
    assert_eq!((status, cache.as_str()), (StatusCode::ACCEPTED, "likeness; hit"));
    assert_eq!(
        (&again["jobId"], &again["status"], &again["cached"]),
        (&first["jobId"], &json!("completed"), &json!(true))
    );
    assert_eq!(again["result"]["mediaId"], first["result"]["mediaId"]);
    let (status, waited) =
        answer(product.request(Method::POST, MASTER).header("prefer", "wait=5").json(&keeper())).await;
    assert_eq!((status, &waited["mediaId"]), (StatusCode::OK, &first["result"]["mediaId"]));
    // A master stays.
    product.pass(400 * 86_400);
    assert_eq!(send(&product, MASTER, &keeper()).await.1, "likeness; hit");
    assert_eq!(product.fal().ledger().len(), paid);
    let ledger = product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap();
    assert_eq!(ledger.cache_hits, 1);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_request_is_another_job() {
    let product = Product::start().await;
    let first = made(&product, MASTER, &keeper()).await;
    let changes = [
        json!({ "seed": 8 }),
        json!({ "description": "a lighthouse keeper in a red raincoat" }),
        json!({ "style": "casual" }),
        json!({ "variations": 2 }),
        json!({ "subjectId": "another" }),
        json!({ "model": "flux-schnell" }),
        json!({ "steps": 20 }),
    ];
    for change in changes {
        let mut body = keeper();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (_, cache, job) = send(&product, MASTER, &body).await;
        assert_eq!(cache, "", "{change}");
        product.ended(job["jobId"].as_str().unwrap()).await;
    }
    let fresh = product.request(Method::POST, MASTER).header("cache-control", "no-cache").json(&keeper());
    let (_, fresh) = answer(fresh).await;
    assert_ne!(fresh["jobId"], first["jobId"]);
    product.ended(fresh["jobId"].as_str().unwrap()).await;
    // The newest result answers from now on.
    assert_eq!(send(&product, MASTER, &keeper()).await.2["jobId"], fresh["jobId"]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_is_remembered_for_a_week_and_follows_its_master() {
    let product = Product::start().await;
    // Views that are doubted answer nobody, and whether they are hangs on the picture.
    let always_the_same = {
        let mut keeper = keeper();
        keeper["seed"] = json!(5);
        keeper
    };
    let master = made(&product, MASTER, &always_the_same).await["result"]["mediaId"].clone();
    let profile = json!({ "masterReferenceId": master, "subjectId": "keeper", "angles": [0, 90] });
    let first = made(&product, super::profile::PATH, &profile).await;
    product.pass(6 * 86_400);
    let (_, cache, again) = send(&product, super::profile::PATH, &profile).await;
    assert_eq!((cache.as_str(), &again["jobId"]), ("likeness; hit", &first["jobId"]));
    product.pass(2 * 86_400);
    let paid = product.fal().ledger().len();
    let (_, cache, again) = send(&product, super::profile::PATH, &profile).await;
    assert_eq!(cache, "", "{again}");
    product.stack().settle().await;
    assert_eq!(product.fal().ledger().len(), paid + 2);
    product.ended(again["jobId"].as_str().unwrap()).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_whole_answers_nobody() {
    let product = Product::start().await;
    let black = likeness_fal_emulator::Fault::Drawing(likeness_fal_emulator::DrawingFault::BlackFrame);
    product.fault(black);
    let (_, _, refused) = send(&product, MASTER, &keeper()).await;
    assert_eq!(product.ended(refused["jobId"].as_str().unwrap()).await["status"], "failed");
    let (_, cache, job) = send(&product, MASTER, &keeper()).await;
    assert_eq!(cache, "", "{job}");
    assert_eq!(product.ended(job["jobId"].as_str().unwrap()).await["status"], "completed");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_stands_for_the_cached_answer_too() {
    let product = Product::start().await;
    let first = made(&product, MASTER, &keeper()).await;
    let keyed = |body: &Value| product.request(Method::POST, MASTER).header("idempotency-key", "k").json(body);
    let (_, hit) = answer(keyed(&keeper())).await;
    assert_eq!(hit["jobId"], first["jobId"]);
    let (status, _) = answer(keyed(&json!({
        "subjectType": "character", "subjectId": "keeper", "description": "somebody else altogether"
    })))
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer(keyed(&keeper())).await.1["jobId"], first["jobId"]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_otherwise_than_asked_answers_nobody() {
    let product = Product::start().await;
    let model_error = |kind: &str, status| GenerationFault::ModelError {
        kind: kind.to_owned(),
        status,
        billed: false,
        retry: None,
        body: ErrorBody::DetailList,
    };
    let unavailable =
        GenerationFault::RequestError { error_type: "runner_scheduling_failure".to_owned(), user_deadline: false };
    // A stand-in of the model, fewer steps.
    for (seed, fault) in [unavailable, model_error("generation_timeout", 504)].into_iter().enumerate() {
        let mut body = keeper();
        body["seed"] = json!(seed);
        product.fault(Fault::Generation(fault));
        let first = made(&product, MASTER, &body).await;
        let attempts = first["shots"][0]["attempts"].as_array().unwrap();
        assert_eq!((&first["status"], attempts.len()), (&json!("completed"), 2), "{first}");
        let second = made(&product, MASTER, &body).await;
        assert_ne!(second["jobId"], first["jobId"]);
        assert_eq!(send(&product, MASTER, &body).await.2["jobId"], second["jobId"], "as it was asked for");
    }
    // Tried again as it was is as it was asked for.
    product.fault(Fault::Generation(model_error("internal_server_error", 500)));
    let first = made(&product, MASTER, &keeper()).await;
    assert_eq!(first["shots"][0]["attempts"].as_array().unwrap().len(), 2, "{first}");
    assert_eq!(send(&product, MASTER, &keeper()).await.2["jobId"], first["jobId"]);
    product.finish().await;
}
