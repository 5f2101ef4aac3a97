//! `POST /{endpoint}`: puts a request into the queue, and answers before anything has looked at its input.

use std::sync::Arc;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use super::{
    answer::{detail, error_answer, error_body, insert, request_error},
    auth::{authorize, unauthorized},
    emulation::Emulation,
    fault::{ErrorBody, Fault, SubmitFault, WebhookFault},
    faults::Submission,
    files::halves,
    request::{Call, Delivery, Hints, Request, State, prompt_of},
    route::{RequestUrls, app_of},
    runner::{start_waiting, watch_deadline},
};
use crate::connection::Line;

const LOCKED: &str = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.";
/// The least start timeout that fal takes, exclusive.
const LEAST_START_TIMEOUT: f64 = 0.1;

/// The query of a submit.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct SubmitQuery {
    fal_webhook: Option<String>,
    fal_max_queue_length: Option<usize>,
}

/// A submit as it came.
pub(super) struct Submit {
    pub(super) endpoint: String,
    pub(super) query: SubmitQuery,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Accepts or refuses.
pub(super) async fn submit(emulation: Arc<Emulation>, line: Line, submit: Submit) -> Response {
    let checked = match check(&emulation, submit) {
        Ok(checked) => checked,
        Err(answer) => return *answer,
    };
    let faults = emulation.faults.draw(&Submission {
        endpoint: &checked.endpoint,
        prompt: prompt_of(&checked.input),
        webhook_url: checked.webhook_url.as_deref(),
    });
    let misbehaviour = faults.iter().find_map(|fault| match fault {
        Fault::Submit(submit) => Some(submit.clone()),
        Fault::Generation(_) | Fault::Drawing(_) | Fault::File(_) | Fault::Webhook(_) | Fault::Question(_) => None,
    });
    if let Some(refusal) = misbehaviour.as_ref().and_then(|fault| refusal(fault, &line)) {
        return refusal;
    }
    let webhook_first = faults.contains(&Fault::Webhook(WebhookFault::BeforeAnswer));
    let request = new_request(&emulation, checked, faults);
    let (id, endpoint) = (request.id.clone(), request.endpoint.clone());
    if let Err(error) = accept(&emulation, request) {
        tracing::error!(error = &error as &dyn std::error::Error, "the fal emulator could not accept a request");
        return request_error("internal_error", "Internal server error");
    }
    if webhook_first {
        emulation.until(|emulation| was_called(emulation, &id)).await;
    }
    let answer = accepted(&emulation, &endpoint, &id);
    match misbehaviour {
        Some(SubmitFault::TruncatedAnswer) => truncated(&emulation, &endpoint, &id),
        Some(SubmitFault::DropAfterAccept) => {
            line.cut();
            answer
        }
        Some(SubmitFault::Delay { ms }) => {
            sleep(Duration::from_millis(ms)).await;
            answer
        }
        Some(SubmitFault::Held) => {
            emulation.until(Emulation::is_released).await;
            answer
        }
        Some(SubmitFault::SlowBody { ms }) => {
            let body = answer_body(&emulation, &endpoint, &id).to_string().into_bytes();
            let mut answer =
                ([(header::CONTENT_TYPE, "application/json")], halves(body, Duration::from_millis(ms))).into_response();
            insert(&mut answer, "x-fal-request-id", &id);
            answer
        }
        Some(
            SubmitFault::Unauthorized
            | SubmitFault::Locked
            | SubmitFault::RateLimited
            | SubmitFault::BadGateway
            | SubmitFault::Answer { .. }
            | SubmitFault::DropBeforeAccept,
        )
        | None => answer,
    }
}

/// A submit that the gateway lets pass.
pub(super) struct Checked {
    pub(super) endpoint: String,
    pub(super) input: Value,
    pub(super) hints: Hints,
    pub(super) webhook_url: Option<String>,
}

/// What the gateway itself looks at: key, application, headers, JSON. The model's schema is not among it.
pub(super) fn check(emulation: &Emulation, submit: Submit) -> Result<Checked, Box<Response>> {
    authorize(emulation, &submit.headers)?;
    if !emulation.schemas.has_app(app_of(&submit.endpoint)) {
        let text = format!("Application '{}' not found", app_of(&submit.endpoint));
        return Err(detail(StatusCode::NOT_FOUND, &text).into());
    }
    let hints = hints(&submit.headers)?;
    if submit.query.fal_max_queue_length.is_some_and(|most| emulation.book().waiting() > most) {
        return Err(detail(StatusCode::TOO_MANY_REQUESTS, "Queue length limit exceeded").into());
    }
    let Ok(input) = serde_json::from_slice(&submit.body) else {
        return Err(request_error("bad_request", "The body is not JSON").into());
    };
    Ok(Checked { endpoint: submit.endpoint, input, hints, webhook_url: submit.query.fal_webhook })
}

fn hints(headers: &HeaderMap) -> Result<Hints, Box<Response>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let start_timeout = text("x-fal-request-start-timeout").or_else(|| text("x-fal-request-timeout"));
    let start_timeout = match start_timeout.map(|seconds| seconds.parse::<f64>()) {
        None => None,
        Some(Ok(seconds)) if seconds > LEAST_START_TIMEOUT && seconds.is_finite() => Some(seconds),
        Some(_) => {
            let text = "Invalid value of X-Fal-Request-Start-Timeout: seconds above 0.1 expected";
            return Err(request_error("bad_request", text).into());
        }
    };
    Ok(Hints {
        runner_hint: text("x-fal-runner-hint"),
        start_timeout,
        disable_fallback: text("x-app-fal-disable-fallback"),
        priority: text("x-fal-queue-priority"),
        store_io: text("x-fal-store-io"),
        object_lifecycle: text("x-fal-object-lifecycle-preference"),
        no_retry: text("x-fal-no-retry"),
    })
}

/// A request that has not been filed yet.
pub(super) fn new_request(emulation: &Emulation, checked: Checked, faults: Vec<Fault>) -> Request {
    let id = emulation.uuid();
    let accepted_at = emulation.clock.now();
    let other_gateway = faults.contains(&Fault::Webhook(WebhookFault::OtherGatewayRequestId));
    let silent = faults.contains(&Fault::Webhook(WebhookFault::Never));
    let delivery = if checked.webhook_url.is_some() && !silent { Delivery::Pending } else { Delivery::Unwanted };
    Request {
        gateway_id: if other_gateway { emulation.uuid() } else { id.clone() },
        id,
        endpoint: checked.endpoint,
        input: checked.input,
        start_deadline: checked.hints.start_timeout.map(|seconds| deadline(accepted_at, seconds)),
        hints: checked.hints,
        webhook_url: checked.webhook_url,
        accepted_at,
        faults,
        state: State::Queued,
        delivery,
        deliveries: Vec::new(),
        cancels: Vec::new(),
        odd_answers: Vec::new(),
        call: Call::NotStarted,
    }
}

fn deadline(accepted_at: Timestamp, seconds: f64) -> Timestamp {
    let timeout = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX);
    accepted_at.saturating_add(timeout).unwrap_or(Timestamp::MAX)
}

fn accept(emulation: &Arc<Emulation>, request: Request) -> Result<(), super::store::StoreError> {
    emulation.record(&request)?;
    watch_deadline(emulation, &request);
    emulation.book().add(request);
    start_waiting(emulation);
    Ok(())
}

fn was_called(emulation: &Emulation, id: &str) -> bool {
    emulation
        .book()
        .get(id)
        .is_none_or(|request| request.delivery != Delivery::Pending || !request.deliveries.is_empty())
}

/// The answer of a fault that keeps the request out.
pub(super) fn refusal(fault: &SubmitFault, line: &Line) -> Option<Response> {
    match fault {
        SubmitFault::Unauthorized => Some(unauthorized()),
        SubmitFault::Locked => Some(detail(StatusCode::FORBIDDEN, LOCKED)),
        SubmitFault::RateLimited => Some(detail(StatusCode::TOO_MANY_REQUESTS, "Queue length limit exceeded")),
        SubmitFault::BadGateway => Some(refuse(502, &ErrorBody::Html)),
        SubmitFault::Answer { status, body } => Some(refuse(*status, body)),
        SubmitFault::DropBeforeAccept => {
            line.cut();
            Some(StatusCode::BAD_GATEWAY.into_response())
        }
        SubmitFault::TruncatedAnswer
        | SubmitFault::DropAfterAccept
        | SubmitFault::Delay { .. }
        | SubmitFault::SlowBody { .. }
        | SubmitFault::Held => None,
    }
}

fn refuse(status: u16, body: &ErrorBody) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error_answer(status, &error_body(body, "internal_server_error"))
}

fn answer_body(emulation: &Emulation, endpoint: &str, id: &str) -> Value {
    let urls = RequestUrls::new(&emulation.origin, endpoint, id);
    json!({
        "status": "IN_QUEUE",
        "request_id": id,
        "gateway_request_id": id,
        "response_url": urls.response,
        "status_url": urls.status,
        "cancel_url": urls.cancel,
        "queue_position": emulation.book().position(id),
    })
}

fn accepted(emulation: &Emulation, endpoint: &str, id: &str) -> Response {
    let mut answer = Json(answer_body(emulation, endpoint, id)).into_response();
    insert(&mut answer, "x-fal-request-id", id);
    answer
}

fn truncated(emulation: &Emulation, endpoint: &str, id: &str) -> Response {
    let body = answer_body(emulation, endpoint, id).to_string();
    let half = body.get(..body.len() / 2).unwrap_or_default().to_owned();
    let mut answer = ([(header::CONTENT_TYPE, "application/json")], half).into_response();
    insert(&mut answer, "x-fal-request-id", id);
    answer
}
