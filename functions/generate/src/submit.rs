//! Submitting one claimed shot. Its record says `submitting` before anything is sent, so whatever happens here, a
//! second request is not sent before the window has passed.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::SignedDuration;
use likeness_core::{
    clients::bucket::BucketError,
    clients::queue::LaneWakeUp,
    fal::{self, FalError, FalErrorKind, NoAnswer, NotSendable, Says},
    steps::cancel_at_provider::cancel_at_provider,
    store::{Changed, StoreError},
    telemetry::causes,
};
use likeness_domain::{
    recipe::{File, UnknownModel},
    shot::{Arrival, FalRequest, Illegal, Shot},
};
use serde_json::Value;
use url::Url;

use crate::app::App;

/// For how long an image's address is good, and for how long it stays the same text. The request may wait at fal, and
/// be tried there several times.
const IMAGE_ADDRESS: (SignedDuration, SignedDuration) = (SignedDuration::from_hours(2), SignedDuration::from_mins(15));
/// The same for a LoRA's weights: fal keeps them by the text of their address, so that it is used again while it is
/// fresh.
const WEIGHTS_ADDRESS: (SignedDuration, SignedDuration) = (SignedDuration::from_mins(15), SignedDuration::from_mins(5));

/// For how long every address that fal is sent is good.
pub(crate) fn shortest_address() -> SignedDuration {
    [IMAGE_ADDRESS, WEIGHTS_ADDRESS].map(|(lifetime, window)| lifetime - window).into_iter().min().unwrap_or_default()
}

/// What admission knew of fal when it let a shot go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// fal takes requests.
    Usual,
    /// It did not take the last one: its taking this one is news.
    AfterRefusal,
    /// The lanes stand still, and this one alone finds out whether they must.
    Probe,
}

/// Sends `shot`'s request and records what fal answered.
pub(crate) async fn submit(app: Arc<App>, shot: Shot, errand: Errand) -> Result<(), StoreError> {
    let answer = match request(&app, &shot).await {
        Ok((endpoint, input)) => app.fal.submit(endpoint, &input, &webhook(&app, &shot)).await,
        Err(error) => {
            let error = FalError::new(FalErrorKind::InvalidInput, error.to_string());
            Err(NoAnswer { says: Says::Outcome, error })
        }
    };
    match answer {
        Ok(request) => {
            accepted(&app, &shot, request).await?;
            if errand == Errand::Usual { Ok(()) } else { open_lanes(&app, &shot).await }
        }
        Err(said) => refused(&app, &shot, said, errand == Errand::Probe).await,
    }
}

/// Records an answer without a request id, by what it says.
async fn refused(app: &App, shot: &Shot, said: NoAnswer, probe: bool) -> Result<(), StoreError> {
    let (attempt, now, patience) = (shot.attempt(), app.clock.now(), app.fal.patience());
    let NoAnswer { says, error } = said;
    tracing::warn!(
        event = "submit_refused",
        job.id = %shot.id.job,
        shot.id = %shot.id,
        shot.attempt = attempt,
        error = causes(&error),
        says = ?says,
        "no request id"
    );
    match says {
        Says::Outcome => {
            app.recorder.record(shot.id, attempt, Arrival::Error(error), now).await?;
        }
        Says::Closed => {
            app.recorder.turned_away(shot.id, attempt, error, probe, patience.outage, now).await?;
        }
        // Of this request alone, by the host that did not take it: tried for as long as one lasts.
        Says::Doubt | Says::Nothing => {
            let (after, patience) = (SignedDuration::ZERO, patience.window());
            app.recorder.record(shot.id, attempt, Arrival::TurnedAway { error, after, patience }, now).await?;
        }
        // Not resent: the callback or the reconciler will tell. The others need not meet the same.
        Says::Perhaps | Says::Answer => {
            app.recorder.refused(&error, probe, now).await?;
        }
    }
    Ok(())
}

/// Why a request cannot be put together.
#[derive(Debug, thiserror::Error)]
enum NotMade {
    #[error(transparent)]
    Recipe(#[from] NotSendable),
    #[error(transparent)]
    Model(#[from] UnknownModel),
    #[error("a file that the request goes by cannot be reached")]
    Address(#[from] BucketError),
}

/// The endpoint and what it is sent.
async fn request(app: &App, shot: &Shot) -> Result<(&'static str, Value), NotMade> {
    let now = app.clock.now();
    let mut addresses = HashMap::new();
    for file in shot.recipe.files() {
        let (key, (lifetime, window)) = match file {
            File::Image(key) => (key, IMAGE_ADDRESS),
            File::Weights(key) => (key, WEIGHTS_ADDRESS),
        };
        addresses.insert(key.to_owned(), app.bucket.signed_get(key, lifetime, window, now).await?.url);
    }
    Ok((&shot.recipe.model()?.endpoint, fal::input(&shot.recipe, &addresses)?))
}

/// fal takes requests again.
async fn open_lanes(app: &App, shot: &Shot) -> Result<(), StoreError> {
    app.recorder.store.open_lanes().await?;
    app.recorder.queues.wake_lane(shot.lane, LaneWakeUp::Room, SignedDuration::ZERO).await;
    Ok(())
}

/// Records that fal has the request, unless its callback was faster.
async fn accepted(app: &App, shot: &Shot, request: FalRequest) -> Result<(), StoreError> {
    tracing::info!(
        event = "generation_start",
        job.id = %shot.id.job,
        shot.id = %shot.id,
        shot.attempt = shot.attempt(),
        fal.request_id = request.id,
        fal.endpoint = request.endpoint,
        "submitted"
    );
    // This cannot be done again later: only this answer holds fal's id of what is paid for.
    for patience in [100, 400, 1600, 3200] {
        match note_request(app, shot, &request).await {
            Err(error) if !error.is_lasting() => {
                tracing::warn!(shot.id = %shot.id, error = causes(&error), "fal's id is noted again");
                tokio::time::sleep(Duration::from_millis(patience)).await;
            }
            noted => return noted,
        }
    }
    note_request(app, shot, &request).await
}

async fn note_request(app: &App, shot: &Shot, request: &FalRequest) -> Result<(), StoreError> {
    let now = app.clock.now();
    let sent_at = shot.attempts.last().map_or(now, |attempt| attempt.started_at);
    let accepted = |read: Shot| {
        // What was taken back before its id was known is due at once. The others when the reconciler looks at them
        // anyhow.
        let check_at = if read.is_cancel_requested() { now } else { sent_at + app.fal.patience().check };
        read.accepted(shot.attempt(), request.clone(), check_at)
    };
    match app.recorder.store.change_shot(shot.id, accepted).await? {
        Changed::Done(after) => cancel_at_provider(&app.recorder, &app.fal, after, now).await,
        Changed::Unchanged(Illegal::AlreadyDone | Illegal::OtherAttempt { .. } | Illegal::State { .. })
        | Changed::Gone => Ok(()),
    }
}

/// Where fal calls back: shot and attempt travel in the address, so that a lost answer can be adopted.
fn webhook(app: &App, shot: &Shot) -> Url {
    let mut url = app.webhook.clone();
    let nonce = shot.attempts.last().map(|attempt| attempt.nonce.as_str()).unwrap_or_default();
    url.query_pairs_mut()
        .append_pair("shot", &shot.id.to_string())
        .append_pair("attempt", &shot.attempt().to_string())
        .append_pair("nonce", nonce);
    url
}
