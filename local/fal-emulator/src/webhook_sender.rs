//! Calls webhooks: signed anew each time, repeated until a 2xx, never after a 3xx.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    emulation::Emulation,
    fault::WebhookFault,
    request::{Call, Completed, Delivery, Request, State},
    signature::{Signatory, sign},
};

/// Between a stale call and now.
const STALE: SignedDuration = SignedDuration::from_hours(1);
/// Above 1 MB.
const PADDING: usize = 1_100_000;

/// How often and how patiently webhooks are called. fal's own pauses are far longer.
#[derive(Debug, Clone)]
pub struct WebhookPacing {
    /// The time for an answer to the first call.
    pub first_timeout: Duration,
    /// The time for an answer to a repeated call.
    pub repeat_timeout: Duration,
    /// The pause before the first repeat; each further one is twice as long.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
    /// Repeats at most.
    pub repeats: u32,
}

impl Default for WebhookPacing {
    fn default() -> Self {
        Self {
            first_timeout: Duration::from_secs(15),
            repeat_timeout: Duration::from_secs(120),
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(30),
            repeats: 31,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Delivered {
    Yes,
    /// A redirect, which is never followed nor repeated.
    Lost,
    NotYet,
}

/// Calls the webhook of a completed request, in the background.
pub(super) fn deliver(emulation: &Arc<Emulation>, id: String) {
    let shared = Arc::clone(emulation);
    emulation.spawn(async move {
        let Some(request) = shared.book().get(&id).cloned() else { return };
        let copies = hold_back(&shared, &request).await;
        for _ in 0..copies {
            deliver_once(&shared, &request).await;
        }
        update(&shared, &id, |request| request.delivery = Delivery::Ended);
    });
}

/// Waits out a fault, and says how many deliveries there are to be.
async fn hold_back(emulation: &Emulation, request: &Request) -> u32 {
    let mut copies = 1;
    for fault in request.webhook_faults() {
        match fault {
            WebhookFault::Duplicate { times } => copies = *times,
            WebhookFault::Late { ms } => pause(emulation, &request.id, Duration::from_millis(*ms)).await,
            WebhookFault::Never
            | WebhookFault::BeforeAnswer
            | WebhookFault::BadSignature
            | WebhookFault::StaleTimestamp
            | WebhookFault::ForeignUser
            | WebhookFault::NullPayload
            | WebhookFault::ErrorDetailList
            | WebhookFault::ErrorInfrastructure
            | WebhookFault::HugeBody
            | WebhookFault::OtherGatewayRequestId => {}
        }
    }
    copies
}

async fn deliver_once(emulation: &Emulation, request: &Request) {
    let pacing = &emulation.options.webhooks;
    let mut between = pacing.first_pause;
    for attempt in 0..=pacing.repeats {
        let timeout = if attempt == 0 { pacing.first_timeout } else { pacing.repeat_timeout };
        let code = call(emulation, request, timeout).await;
        update(emulation, &request.id, |request| request.deliveries.push(code));
        match delivered(code) {
            Delivered::Yes | Delivered::Lost => return,
            Delivered::NotYet => pause(emulation, &request.id, between).await,
        }
        between = (between * 2).min(pacing.longest_pause);
    }
}

fn delivered(code: u16) -> Delivered {
    match code {
        200..=299 => Delivered::Yes,
        300..=399 => Delivered::Lost,
        _ => Delivered::NotYet,
    }
}

/// One attempt: the status code, 0 when there was no answer.
async fn call(emulation: &Emulation, request: &Request, timeout: Duration) -> u16 {
    let (Some(url), State::Completed(completed)) = (&request.webhook_url, &request.state) else { return 0 };
    let has = |fault: &WebhookFault| request.webhook_faults().any(|other| other == fault);
    let body = body(request, completed).to_string();
    let now = emulation.clock.now();
    let signed_at = if has(&WebhookFault::StaleTimestamp) { now.saturating_sub(STALE).unwrap_or(now) } else { now };
    let timestamp = signed_at.as_second().to_string();
    let user_id = if has(&WebhookFault::ForeignUser) { "somebody-else" } else { &emulation.options.user_id };
    let signatory = if has(&WebhookFault::BadSignature) { Signatory::Impostor } else { Signatory::Emulator };
    let signature = sign(signatory, &request.id, user_id, &timestamp, body.as_bytes());
    let answer = emulation
        .webhooks
        .post(url)
        .timeout(timeout)
        .header("content-type", "application/json")
        .header("x-fal-webhook-request-id", &request.id)
        .header("x-fal-webhook-user-id", user_id)
        .header("x-fal-webhook-timestamp", timestamp)
        .header("x-fal-webhook-signature", signature)
        .body(body)
        .send()
        .await;
    match answer {
        Ok(answer) => answer.status().as_u16(),
        Err(error) => {
            tracing::debug!(
                error = &error.without_url() as &dyn std::error::Error,
                fal.request_id = request.id,
                "a webhook call of the fal emulator got no answer"
            );
            0
        }
    }
}

fn body(request: &Request, completed: &Completed) -> Value {
    let mut body = json!({ "request_id": request.id, "gateway_request_id": request.gateway_id });
    if completed.status == 200 {
        body["status"] = json!("OK");
        body["payload"] = completed.body.clone();
    } else {
        body["status"] = json!("ERROR");
        body["error"] = json!(format!("Invalid status code: {}", completed.status));
        body["payload"] = completed.body.clone();
    }
    for fault in request.webhook_faults() {
        match fault {
            WebhookFault::NullPayload => {
                body["status"] = json!("OK");
                body["payload"] = Value::Null;
                body["payload_error"] = json!("Response payload is not JSON serializable");
            }
            WebhookFault::HugeBody => body["padding"] = json!("x".repeat(PADDING)),
            WebhookFault::Never
            | WebhookFault::Duplicate { .. }
            | WebhookFault::Late { .. }
            | WebhookFault::BeforeAnswer
            | WebhookFault::BadSignature
            | WebhookFault::StaleTimestamp
            | WebhookFault::ForeignUser
            | WebhookFault::ErrorDetailList
            | WebhookFault::ErrorInfrastructure
            | WebhookFault::OtherGatewayRequestId => {}
        }
    }
    body
}

/// Sleeps while the request counts as idle.
async fn pause(emulation: &Emulation, id: &str, length: Duration) {
    update(emulation, id, |request| request.call = Call::Pausing);
    sleep(length).await;
    update(emulation, id, |request| request.call = Call::Due);
}

fn update(emulation: &Emulation, id: &str, change: impl FnOnce(&mut Request)) {
    let mut book = emulation.book();
    let Some(request) = book.get_mut(id) else { return };
    change(request);
    if let Err(error) = emulation.record(request) {
        tracing::error!(error = &error as &dyn std::error::Error, "the fal emulator could not save a delivery");
    }
}
