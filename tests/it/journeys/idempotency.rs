//! The same request twice is one job, whether a client, a proxy or a retry sends it twice.

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;

use crate::harness::{Product, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_job_however_often_and_at_once() {
    let product = Product::start().await;
    let post = |fields| answer(product.master(&fields).header("idempotency-key", "take-1#x"));
    let answers = join_all((0..8).map(|_| post(json!({ "seed": 1 })))).await;
    let jobs: std::collections::HashSet<_> = answers.iter().map(|(_, job)| job["jobId"].to_string()).collect();
    assert_eq!(jobs.len(), 1, "{answers:?}");

    let (status, problem) = post(json!({ "seed": 2 })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused")));
    let job = answers[0].1["jobId"].as_str().unwrap().to_owned();
    product.ended(&job).await;
    assert_eq!(post(json!({ "seed": 1 })).await.1["jobId"], json!(job), "also after its end");
    assert_eq!(product.fal().ledger().len(), 1, "paid once");

    // A week later the key is forgotten.
    product.pass(7 * 24 * 3600 + 1);
    let (_, again) = post(json!({ "seed": 2 })).await;
    assert_ne!(again["jobId"], json!(job));
    product.ended(again["jobId"].as_str().unwrap()).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_does_not_use_up_its_key() {
    let product = Product::start().await;
    let post = |fields| answer(product.master(&fields).header("idempotency-key", "take-1"));
    assert_eq!(post(json!({ "description": "short" })).await.0, StatusCode::BAD_REQUEST);
    let (status, job) = post(json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    product.ended(job["jobId"].as_str().unwrap()).await;

    for key in ["", "with space", &"x".repeat(256)] {
        let (status, problem) = answer(product.master(&json!({})).header("idempotency-key", key)).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/Idempotency-Key")), "{key:?}");
    }
    product.finish().await;
}
