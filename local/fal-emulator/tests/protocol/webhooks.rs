//! Webhook bodies, signatures, repeats and their faults.

use ed25519_dalek::{Signature, SigningKey};
use http::{HeaderMap, Method};
use likeness_fal_emulator::{Fault, GenerationFault, WebhookFault};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{DEV, Fal, Webhook, small};

async fn submit(fal: &Fal, hook: &Webhook) -> String {
    let call = fal.hooked(DEV, &hook.url).json(&small("hooked"));
    let body: Value = call.send().await.unwrap().json().await.unwrap();
    body["request_id"].as_str().unwrap().to_owned()
}

/// The sheet's check, over the raw body.
fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let text = |name: &str| headers[name].to_str().unwrap();
    let hash = hex::encode(Sha256::digest(body));
    let names = ["x-fal-webhook-request-id", "x-fal-webhook-user-id", "x-fal-webhook-timestamp"];
    let message = format!("{}\n{}\n{}\n{hash}", text(names[0]), text(names[1]), text(names[2]));
    let signature = hex::decode(text("x-fal-webhook-signature")).unwrap();
    let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
    key.verify_strict(message.as_bytes(), &Signature::from_slice(&signature).unwrap()).is_ok()
}

#[tokio::test]
async fn a_success_is_called_signed_and_once() {
    let fal = Fal::start().await;
    let mut hook = Webhook::start(&[]).await;
    let id = submit(&fal, &hook).await;
    let (headers, body) = hook.calls.recv().await.unwrap();
    assert!(is_signed(&headers, &body));
    assert_eq!(headers["x-fal-webhook-user-id"], fal.emulator.user_id());
    assert_eq!(headers["x-fal-webhook-request-id"], id.as_str());
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&body["request_id"], &body["gateway_request_id"]), (&json!(id), &json!(id)));
    assert_eq!(body["status"], "OK");
    assert_eq!(body["payload"]["seed"], 7);
    assert!(body.get("error").is_none());
    fal.emulator.idle().await;
    assert!(hook.calls.try_recv().is_err());
    assert_eq!(fal.emulator.ledger()[0].webhook_deliveries, [200]);
}

#[tokio::test]
async fn failures_carry_the_body_of_the_result() {
    let fal = Fal::start().await;
    let mut hook = Webhook::start(&[]).await;
    fal.fault(Fault::Webhook(WebhookFault::ErrorDetailList));
    submit(&fal, &hook).await;
    let (_, body) = hook.next().await;
    assert_eq!((&body["status"], &body["error"]), (&json!("ERROR"), &json!("Invalid status code: 422")));
    assert_eq!(body["payload"]["detail"][0]["type"], "content_policy_violation");

    fal.fault(Fault::Webhook(WebhookFault::ErrorInfrastructure));
    let id = submit(&fal, &hook).await;
    let (_, body) = hook.next().await;
    assert_eq!(body["error"], "Invalid status code: 503");
    assert_eq!(body["payload"]["error_type"], "runner_disconnected");
    let result: Value = fal.get(&format!("{DEV}/requests/{id}")).await.json().await.unwrap();
    assert_eq!(result, body["payload"]);
}

#[tokio::test]
async fn calls_are_repeated_after_errors_but_not_after_redirects() {
    let fal = Fal::start().await;
    let mut hook = Webhook::start(&[500, 404]).await;
    submit(&fal, &hook).await;
    for _ in 0..3 {
        let (headers, body) = hook.calls.recv().await.unwrap();
        assert!(is_signed(&headers, &body));
    }
    fal.emulator.idle().await;
    assert_eq!(fal.emulator.ledger()[0].webhook_deliveries, [500, 404, 200]);

    let mut hook = Webhook::start(&[307]).await;
    submit(&fal, &hook).await;
    hook.next().await;
    fal.emulator.idle().await;
    assert_eq!(fal.emulator.ledger()[1].webhook_deliveries, [307]);
}

#[tokio::test]
async fn signatures_can_be_bad_stale_or_foreign() {
    let fal = Fal::start().await;
    let mut hook = Webhook::start(&[]).await;
    fal.fault(Fault::Webhook(WebhookFault::BadSignature));
    submit(&fal, &hook).await;
    let (headers, body) = hook.calls.recv().await.unwrap();
    assert!(!is_signed(&headers, &body));
    let now: i64 = headers["x-fal-webhook-timestamp"].to_str().unwrap().parse().unwrap();

    fal.fault(Fault::Webhook(WebhookFault::StaleTimestamp));
    submit(&fal, &hook).await;
    let (headers, body) = hook.calls.recv().await.unwrap();
    assert!(is_signed(&headers, &body));
    let stale: i64 = headers["x-fal-webhook-timestamp"].to_str().unwrap().parse().unwrap();
    assert!(now - stale > 3000);

    fal.fault(Fault::Webhook(WebhookFault::ForeignUser));
    submit(&fal, &hook).await;
    let (headers, body) = hook.calls.recv().await.unwrap();
    assert!(is_signed(&headers, &body));
    assert_ne!(headers["x-fal-webhook-user-id"], fal.emulator.user_id());
}

#[tokio::test]
async fn bodies_can_be_null_huge_or_of_another_attempt() {
    let fal = Fal::start().await;
    let mut hook = Webhook::start(&[]).await;
    fal.fault(Fault::Webhook(WebhookFault::NullPayload));
    submit(&fal, &hook).await;
    let (_, body) = hook.next().await;
    assert_eq!((&body["status"], &body["payload"]), (&json!("OK"), &Value::Null));
    assert!(body["payload_error"].is_string());

    fal.fault(Fault::Webhook(WebhookFault::OtherGatewayRequestId));
    let id = submit(&fal, &hook).await;
    let (_, body) = hook.next().await;
    assert_eq!(body["request_id"], id);
    assert_ne!(body["gateway_request_id"], id);

    fal.fault(Fault::Webhook(WebhookFault::HugeBody));
    submit(&fal, &hook).await;
    let (_, body) = hook.calls.recv().await.unwrap();
    assert!(body.len() > 1_000_000);
}

#[tokio::test]
async fn a_webhook_can_come_never_twice_late_or_first() {
    let fal = Fal::start().await;
    let mut hook = Webhook::start(&[]).await;
    fal.fault(Fault::Webhook(WebhookFault::Never));
    submit(&fal, &hook).await;
    fal.emulator.idle().await;
    assert!(hook.calls.try_recv().is_err());

    fal.fault(Fault::Webhook(WebhookFault::Duplicate { times: 2 }));
    submit(&fal, &hook).await;
    let (first, second) = (hook.next().await.1, hook.next().await.1);
    assert_eq!(first, second);

    fal.fault(Fault::Webhook(WebhookFault::Late { ms: 60 }));
    let id = submit(&fal, &hook).await;
    assert_eq!(hook.next().await.1["request_id"], id);

    fal.fault(Fault::Webhook(WebhookFault::BeforeAnswer));
    let id = submit(&fal, &hook).await;
    let (_, body) = hook.calls.try_recv().expect("the call came before the answer");
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["request_id"], id);
}

#[tokio::test]
async fn a_request_taken_out_of_the_line_calls_nobody() {
    let fal = Fal::with(likeness_fal_emulator::EmulatorOptions { concurrency: 1, ..super::quick() }).await;
    let mut hook = Webhook::start(&[]).await;
    fal.fault(Fault::Generation(GenerationFault::NeverFinish));
    let running = submit(&fal, &hook).await;
    let waiting = submit(&fal, &hook).await;
    for id in [&waiting, &running] {
        fal.call(Method::PUT, &format!("{DEV}/requests/{id}/cancel")).send().await.unwrap();
    }
    let (_, body) = hook.next().await;
    assert_eq!((&body["request_id"], &body["error"]), (&json!(running), &json!("Invalid status code: 499")));
    fal.emulator.idle().await;
    assert!(hook.calls.try_recv().is_err());
}
