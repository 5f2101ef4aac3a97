//! Submit, status, stream, result, cancel, synchronous run, keys.

use std::time::Duration;

use http::Method;
use likeness_fal_emulator::{EmulatorOptions, Fault, GenerationFault, LedgerOutcome};
use serde_json::{Value, json};

use super::{DEV, Fal, quick, small};

#[tokio::test]
async fn a_request_goes_from_submit_to_result() {
    let fal = Fal::start().await;
    let answer = fal.submit("fal-ai/flux-pro/kontext/max", json!({ "prompt": "x" })).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let id = answer.headers()["x-fal-request-id"].to_str().unwrap().to_owned();
    let body: Value = answer.json().await.unwrap();
    let base = format!("{}/fal-ai/flux-pro/requests/{id}", fal.emulator.url());
    assert_eq!(body["request_id"], id);
    assert_eq!(body["status"], "IN_QUEUE");
    assert_eq!(body["response_url"], base);
    assert_eq!(body["status_url"], format!("{base}/status"));
    assert_eq!(body["cancel_url"], format!("{base}/cancel"));
    assert!(body["queue_position"].is_u64());

    let id = fal.accepted(DEV, small("a knight")).await;
    fal.emulator.idle().await;
    let status = fal.get(&format!("fal-ai/flux/requests/{id}/status/?logs=true")).await;
    assert_eq!(status.status(), 200);
    let status: Value = status.json().await.unwrap();
    assert_eq!(status["status"], "COMPLETED");
    assert_eq!(status["logs"][0]["source"], "USER");
    assert!(status["metrics"]["inference_time"].is_number());
    assert!(status.get("error").is_none());

    for path in ["fal-ai/flux/requests/ID", "fal-ai/flux/dev/requests/ID", "fal-ai/flux/requests/ID/response"] {
        let result = fal.get(&path.replace("ID", &id)).await;
        assert_eq!(result.status(), 200);
        assert_eq!(result.headers()["x-fal-billable-units"], "1");
        assert_eq!(result.headers()["x-fal-request-id"], id.as_str());
        let output: Value = result.json().await.unwrap();
        assert_eq!(output["seed"], 7);
        assert_eq!(output["prompt"], "a knight");
        assert_eq!(output["has_nsfw_concepts"], json!([false]));
        assert_eq!(output["images"][0]["width"], 128);
    }
}

#[tokio::test]
async fn waiting_and_running_requests_answer_202_and_have_no_result() {
    let fal = Fal::with(EmulatorOptions { concurrency: 1, ..quick() }).await;
    fal.fault(Fault::Generation(GenerationFault::NeverFinish));
    let running = fal.accepted(DEV, small("first")).await;
    let waiting = fal.accepted(DEV, small("second")).await;
    let behind = fal.accepted(DEV, small("third")).await;

    let status = fal.get(&format!("{DEV}/requests/{running}/status")).await;
    assert_eq!(status.status(), 202);
    let status: Value = status.json().await.unwrap();
    assert_eq!((&status["status"], &status["logs"]), (&json!("IN_PROGRESS"), &Value::Null));
    let status = fal.get(&format!("{DEV}/requests/{behind}/status?logs=1")).await;
    assert_eq!(status.status(), 202);
    let status: Value = status.json().await.unwrap();
    assert_eq!((&status["status"], &status["queue_position"]), (&json!("IN_QUEUE"), &json!(1)));
    let early = fal.get(&format!("{DEV}/requests/{waiting}")).await;
    assert_eq!(early.status(), 400);
    assert_eq!(early.json::<Value>().await.unwrap()["detail"], "Request is still in progress");

    let full = fal.call(Method::POST, &format!("{DEV}?fal_max_queue_length=1")).json(&small("x")).send().await.unwrap();
    assert_eq!(full.status(), 429);
}

#[tokio::test]
async fn cancel_says_what_it_did() {
    let fal = Fal::with(EmulatorOptions { concurrency: 1, ..quick() }).await;
    fal.fault(Fault::Generation(GenerationFault::NeverFinish));
    let running = fal.accepted(DEV, small("first")).await;
    let waiting = fal.accepted(DEV, small("second")).await;
    let cancel = async |id: &str| {
        let answer = fal.call(Method::PUT, &format!("fal-ai/flux/requests/{id}/cancel")).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        (status, body["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(cancel(&waiting).await, (200, "OK".to_owned()));
    assert_eq!(cancel(&running).await, (202, "CANCELLATION_REQUESTED".to_owned()));
    assert_eq!(cancel(&running).await, (400, "ALREADY_COMPLETED".to_owned()));
    assert_eq!(cancel("7c0c3f3e-0000-4000-8000-000000000000").await, (404, "NOT_FOUND".to_owned()));
    for id in [&waiting, &running] {
        let result = fal.get(&format!("{DEV}/requests/{id}")).await;
        assert_eq!(result.status(), 499);
        assert_eq!(result.json::<Value>().await.unwrap()["error_type"], "client_cancelled");
    }
    // The cancelled run gave its place back.
    fal.output(DEV, small("third")).await;
}

#[tokio::test]
async fn a_run_may_ignore_a_cancel() {
    let fal = Fal::with(EmulatorOptions { delay: Duration::from_millis(50), ..quick() }).await;
    fal.fault(Fault::Generation(GenerationFault::IgnoreCancel));
    let id = fal.accepted(DEV, small("stubborn")).await;
    let answer = fal.call(Method::PUT, &format!("{DEV}/requests/{id}/cancel")).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    fal.emulator.idle().await;
    assert_eq!(fal.get(&format!("{DEV}/requests/{id}")).await.status(), 200);
}

#[tokio::test]
async fn the_stream_ends_after_completed() {
    let fal = Fal::with(EmulatorOptions { delay: Duration::from_millis(30), ..quick() }).await;
    let id = fal.accepted(DEV, small("streamed")).await;
    let stream = fal.get(&format!("fal-ai/flux/requests/{id}/status/stream?logs=1")).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let text = stream.text().await.unwrap();
    let events: Vec<Value> = text
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    assert!(events.len() >= 2, "{text}");
    assert_eq!(events[0]["status"], "IN_PROGRESS");
    assert_eq!(events.last().unwrap()["status"], "COMPLETED");
}

#[tokio::test]
async fn keys_are_checked() {
    let fal = Fal::with(EmulatorOptions { keys: vec!["key-id:key-secret".to_owned()], ..quick() }).await;
    let call = async |authorization: &str| {
        let url = format!("{}/{DEV}/requests/none/status", fal.emulator.url());
        let answer = fal.http.get(url).header("authorization", authorization).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(call("Key key-id:key-secret").await, (404, r#"{"status":"NOT_FOUND"}"#.to_owned()));
    let unknown = r#"{"detail":"No user found for Key ID and Secret"}"#;
    assert_eq!(call("Key key-id:other").await, (401, unknown.to_owned()));
    let malformed = r#"{"detail":"Invalid Key Authorization header format. Expected '<key_id>:<key_secret>'."}"#;
    assert_eq!(call("Key no-colon").await, (401, malformed.to_owned()));
    assert_eq!(call("Bearer key-id:key-secret").await, (401, malformed.to_owned()));
    let anonymous = fal.http.post(format!("{}/{DEV}", fal.emulator.url())).json(&small("x")).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    assert!(fal.emulator.ledger().is_empty());
}

#[tokio::test]
async fn both_names_of_the_start_deadline_end_a_waiting_request() {
    for header in ["x-fal-request-start-timeout", "x-fal-request-timeout"] {
        let fal = Fal::with(EmulatorOptions { concurrency: 1, ..quick() }).await;
        fal.fault(Fault::Generation(GenerationFault::NeverFinish));
        fal.accepted(DEV, small("blocks")).await;
        let answer = fal.call(Method::POST, DEV).header(header, "0.2").json(&small("late")).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        fal.emulator.idle().await;
        let status: Value = fal.get(body["status_url"].as_str().unwrap()).await.json().await.unwrap();
        assert_eq!(status["error_type"], "startup_timeout");
        let result = fal.get(body["response_url"].as_str().unwrap()).await;
        assert_eq!(result.status(), 504);
        assert_eq!(result.headers()["x-fal-request-timeout-type"], "user");
        assert_eq!(result.headers()["x-fal-error-type"], "startup_timeout");
    }
    let fal = Fal::start().await;
    let bad = fal.call(Method::POST, DEV).header("x-fal-request-start-timeout", "soon").json(&small("x"));
    let bad = bad.send().await.unwrap();
    assert_eq!(bad.status(), 400);
    assert_eq!(bad.json::<Value>().await.unwrap()["error_type"], "bad_request");
}

#[tokio::test]
async fn low_priority_waits_behind_normal() {
    let fal = Fal::with(EmulatorOptions { concurrency: 1, ..quick() }).await;
    fal.fault(Fault::Generation(GenerationFault::NeverFinish));
    let blocker = fal.accepted(DEV, small("blocks")).await;
    let low = fal.call(Method::POST, DEV).header("x-fal-queue-priority", "low").header("x-fal-runner-hint", "lora-1");
    let low: Value = low.json(&small("low")).send().await.unwrap().json().await.unwrap();
    let normal = fal.accepted(DEV, small("normal")).await;
    let position = async |id: &str| {
        let status: Value = fal.get(&format!("{DEV}/requests/{id}/status")).await.json().await.unwrap();
        status["queue_position"].as_u64().unwrap()
    };
    assert_eq!(position(&normal).await, 0);
    assert_eq!(position(low["request_id"].as_str().unwrap()).await, 1);
    fal.call(Method::PUT, &format!("{DEV}/requests/{blocker}/cancel")).send().await.unwrap();
    fal.emulator.idle().await;
    let ledger = fal.emulator.ledger();
    assert_eq!(ledger[1].hints.runner_hint.as_deref(), Some("lora-1"));
    assert_eq!(ledger[1].outcome, LedgerOutcome::Succeeded);
}

#[tokio::test]
async fn unknown_applications_are_refused_and_unknown_paths_fail_later() {
    let fal = Fal::start().await;
    let answer = fal.submit("nobody/nothing", json!({})).await;
    assert_eq!(answer.status(), 404);
    let result = fal.result("fal-ai/flux/nothing", json!({})).await;
    assert_eq!(result.status(), 404);
    assert_eq!(result.headers()["x-fal-billable-units"], "0");
    assert_eq!(result.json::<Value>().await.unwrap()["detail"], "Path /nothing not found");
}

#[tokio::test]
async fn a_synchronous_run_answers_with_the_result() {
    let fal = Fal::with(EmulatorOptions { concurrency: 1, ..quick() }).await;
    let answer = fal.submit(&format!("run/{DEV}"), small("now")).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-fal-request-id"));
    assert_eq!(answer.json::<Value>().await.unwrap()["prompt"], "now");
    fal.fault(Fault::Generation(GenerationFault::NeverFinish));
    fal.accepted(DEV, small("blocks")).await;
    let full = fal.submit(&format!("run/{DEV}"), small("later")).await;
    assert_eq!(full.status(), 429);
    assert_eq!(full.headers()["x-fal-needs-retry"], "1");
}

#[tokio::test]
async fn two_hundred_requests_at_once_all_succeed() {
    let fal = Fal::start().await;
    let submits = (0..200).map(|number| fal.accepted(DEV, small(&format!("figure {number}"))));
    let ids = futures_util::future::join_all(submits).await;
    fal.emulator.idle().await;
    let ledger = fal.emulator.ledger();
    assert_eq!(ledger.len(), 200);
    assert!(ledger.iter().all(|entry| entry.outcome == LedgerOutcome::Succeeded && ids.contains(&entry.request_id)));
}

#[tokio::test]
async fn prices_keys_and_addresses_are_published() {
    let fal = Fal::start().await;
    let prices: Value =
        fal.get(&format!("v1/models/pricing?endpoint_id={DEV}&endpoint_id=x/y")).await.json().await.unwrap();
    let expected = json!({ "endpoint_id": DEV, "unit_price": 0.025, "unit": "megapixels", "currency": "USD" });
    assert_eq!(prices["prices"], json!([expected]));
    let meta: Value = fal.get("v1/meta").await.json().await.unwrap();
    assert_eq!(meta["webhook_ip_ranges"], json!(["127.0.0.1/32"]));
    let keys: Value = fal.get(&fal.emulator.jwks_url()).await.json().await.unwrap();
    assert_eq!(keys["keys"][0]["x"], "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw");
}
