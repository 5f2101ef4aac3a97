//! Submitting one claimed shot. Its record says `submitting` before anything is sent, so whatever happens here, a second
//! request is not sent before the window has passed.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use likeness_core::{
    fal::{FalError, FalErrorKind, SubmitError},
    queue::LaneHint,
    shot::{Arrival, FalRequest, Illegal, Shot},
    store::{Saved, StoreError},
    telemetry::causes,
};
use url::Url;

use crate::app::App;

/// Sends `shot`'s request and records what fal answered. `probe`: fal refused us before, and this is the one try that may
/// open the lanes again.
pub(crate) async fn submit(app: Arc<App>, shot: Shot, probe: bool) -> Result<(), StoreError> {
    let attempt = shot.attempt();
    let answer = match (shot.recipe.model(), shot.recipe.input()) {
        (Ok(model), Ok(input)) => app.fal.submit(&model.endpoint, &input, &webhook(&app, &shot)).await,
        (Err(error), _) | (_, Err(error)) => {
            Err(SubmitError::Rejected(FalError::new(FalErrorKind::InvalidInput, error.to_string())))
        }
    };
    let error = match answer {
        Ok(request) => {
            accepted(&app, &shot, request).await?;
            return if probe { open_lanes(&app, &shot).await } else { Ok(()) };
        }
        Err(SubmitError::Rejected(error)) => error,
        Err(SubmitError::NotSent(_)) => FalError::new(FalErrorKind::Unreachable, "fal could not be reached"),
        Err(error @ SubmitError::Unknown(_)) => {
            tracing::warn!(
                event = "submit_unknown",
                shot.id = %shot.id,
                shot.attempt = attempt,
                error = causes(&error),
                "not resent: the callback or the sweep will tell"
            );
            return Ok(());
        }
    };
    tracing::warn!(
        event = "generation_error",
        job.id = %shot.id.job,
        shot.id = %shot.id,
        shot.attempt = attempt,
        error = causes(&error),
        "submit refused"
    );
    app.recorder.record(shot.id, attempt, Arrival::Error(error), app.clock.now()).await?;
    Ok(())
}

/// fal takes requests again.
async fn open_lanes(app: &App, shot: &Shot) -> Result<(), StoreError> {
    app.recorder.store.open_lanes().await?;
    app.recorder.queues.hint_lane(shot.lane, LaneHint::Room, SignedDuration::ZERO).await;
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
            Err(StoreError::Busy(error)) => {
                tracing::warn!(shot.id = %shot.id, error = causes(error.as_ref()), "fal's id is noted again");
                tokio::time::sleep(Duration::from_millis(patience)).await;
            }
            noted => return noted,
        }
    }
    note_request(app, shot, &request).await
}

async fn note_request(app: &App, shot: &Shot, request: &FalRequest) -> Result<(), StoreError> {
    loop {
        let Some(before) = app.recorder.store.shot(shot.id).await? else { return Ok(()) };
        let check_at = app.clock.now() + app.fal.patience().check;
        let after = match before.value.clone().accepted(shot.attempt(), request.clone(), check_at) {
            Ok(after) => after,
            Err(Illegal::AlreadyDone | Illegal::OtherAttempt { .. } | Illegal::State { .. }) => return Ok(()),
        };
        if app.recorder.store.save_shot(&before, &after).await? == Saved::Yes {
            return Ok(());
        }
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
