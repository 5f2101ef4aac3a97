//! One callback: believed or not, ours or not, news or not.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use likeness_core::{
    clients::queue::LaneWakeUp,
    fal::{Callback, CallbackOutcome, FalError, JwksError, SignatureHeaders},
    steps::record_result::Recorded,
    store::{Changed, StoreError, Versioned},
    telemetry::causes,
};
use likeness_domain::{
    id::ShotId,
    shot::{Arrival, Shot, ShotState, Told},
};
use serde::Deserialize;

use crate::app::App;

/// What we put into the callback's address ourselves.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Binding {
    shot: ShotId,
    attempt: u32,
    nonce: String,
}

/// Why a callback has no effect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// Not signed as fal signs, or not now.
    #[error("the signature is not fal's")]
    Forged(#[source] JwksError),
    /// Signed by fal, for another customer.
    #[error("the callback is not for this account")]
    Foreign,
    /// Signed by fal, for no shot of ours.
    #[error("no such shot is pending")]
    Unbound,
    /// Signed by fal, and not a callback.
    #[error("the body is not a callback")]
    Unreadable,
    /// Our side cannot take it now: fal shall deliver again.
    #[error("cannot be taken now")]
    Later(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Later(Box::new(error))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Forged(_) | Self::Foreign => StatusCode::UNAUTHORIZED,
            Self::Unbound => StatusCode::NOT_FOUND,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Later(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        tracing::warn!(
            event = "webhook_refused",
            http.status = status.as_u16(),
            error = causes(&self),
            "callback refused"
        );
        (status, self.to_string()).into_response()
    }
}

pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    binding: Result<Query<Binding>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refused> {
    let now = app.clock.now();
    verify(&app, &headers, &body, now).await?;
    // Only now is anything that came with the call believed.
    let Query(binding) = binding.map_err(|_| Refused::Unbound)?;
    let callback = Callback::parse(&body).map_err(|_| Refused::Unreadable)?;
    let recorded = take(&app, &binding, callback, now).await?;
    tracing::info!(
        event = "webhook_received",
        shot.id = %binding.shot,
        shot.attempt = binding.attempt,
        recorded = ?recorded,
        "callback taken"
    );
    Ok(StatusCode::OK)
}

async fn verify(app: &App, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = SignatureHeaders {
        request_id: text("x-fal-webhook-request-id"),
        user_id: text("x-fal-webhook-user-id"),
        timestamp: text("x-fal-webhook-timestamp"),
        signature: text("x-fal-webhook-signature"),
    };
    match app.jwks.verify(&signed, body, now).await {
        Ok(()) => {}
        Err(error @ JwksError::Signature(_)) => return Err(Refused::Forged(error)),
        Err(error @ JwksError::Unavailable(_)) => return Err(Refused::Later(Box::new(error))),
    }
    match &app.user_id {
        Some(ours) if ours != signed.user_id => Err(Refused::Foreign),
        Some(_) | None => Ok(()),
    }
}

/// Records what a believed callback says, if it speaks of an attempt of ours.
async fn take(app: &App, binding: &Binding, callback: Callback, now: Timestamp) -> Result<Recorded, Refused> {
    let shot = app.recorder.store.shot(binding.shot).await?.ok_or(Refused::Unbound)?;
    if !is_ours(&shot.value, binding, &callback) {
        return Err(Refused::Unbound);
    }
    if matches!(shot.value.state, ShotState::Submitting(_)) && is_under_way(&shot.value, binding) {
        app.recorder.fal_took_one(&shot.value).await?;
    }
    let id = callback.request_id;
    let told = match callback.outcome {
        CallbackOutcome::Images(delivery) if is_under_way(&shot.value, binding) && app.is_sampled() => {
            Some(Told::Images(delivery))
        }
        CallbackOutcome::Images(delivery) => {
            let images = Arrival::Images(delivery);
            let recorded = app.recorder.record_for(shot, binding.attempt, images, now).await?;
            return if recorded == Recorded::Unknown { Err(Refused::Unbound) } else { Ok(recorded) };
        }
        // The result has what the callback leaves out: the units that are billed, and whether fal wants it tried again.
        CallbackOutcome::Failed(error) => Some(Told::Failed(FalError { request_id: Some(id.clone()), ..error })),
        CallbackOutcome::FetchResult => None,
    };
    fetch_soon(app, shot, binding.attempt, &id, told, now).await
}

fn is_under_way(shot: &Shot, binding: &Binding) -> bool {
    shot.attempt() == binding.attempt && shot.in_flight().is_some()
}

/// The attempt exists, its address held this nonce, and fal's id is the one that the submit was answered with. While
/// that answer is missing the nonce decides, and that the id is no other attempt's: this is how a request whose answer
/// was lost is adopted.
fn is_ours(shot: &Shot, binding: &Binding, callback: &Callback) -> bool {
    let Some(attempt) = shot.attempts.iter().find(|attempt| attempt.number == binding.attempt) else { return false };
    let named = |id: &Option<String>| id.as_ref() == Some(&callback.request_id);
    let same_request = match &attempt.request_id {
        Some(_) => named(&attempt.request_id),
        None => !shot.attempts.iter().any(|other| named(&other.request_id)),
    };
    same_request && attempt.nonce == binding.nonce
}

/// fal finished, and the callback does not say all of what came of it: a function that has the key fetches the result.
/// What it
/// `told` is kept until then.
async fn fetch_soon(
    app: &App,
    before: Versioned<Shot>,
    attempt: u32,
    request_id: &str,
    told: Option<Told>,
    now: Timestamp,
) -> Result<Recorded, Refused> {
    let fetched = |shot: Shot| shot.to_be_fetched(attempt, request_id, told.clone(), now);
    match app.recorder.store.change_shot_from(before, fetched).await? {
        Changed::Done(after) => {
            let shot = after.value;
            app.recorder.queues.wake_lane(shot.lane, LaneWakeUp::PollProvider(shot.id), SignedDuration::ZERO).await;
            Ok(Recorded::Known)
        }
        // What is not under way any more needs no fetching.
        Changed::Unchanged(_) => Ok(Recorded::Known),
        Changed::Gone => Err(Refused::Unbound),
    }
}
