//! Submitting one claimed shot. Its record says `submitting` before anything is sent, so whatever happens here, a second
//! request is not sent before the window has passed.

use std::sync::Arc;

use likeness_core::{
    fal::{FalError, FalErrorKind, SubmitError},
    shot::{Arrival, FalRequest, Illegal, Shot},
    store::{Saved, StoreError},
};
use url::Url;

use crate::app::App;

/// Sends `shot`'s request and records what fal answered.
pub(crate) async fn submit(app: Arc<App>, shot: Shot) -> Result<(), StoreError> {
    let attempt = shot.attempt();
    let answer = match (shot.recipe.model(), shot.recipe.input()) {
        (Ok(model), Ok(input)) => app.fal.submit(&model.endpoint, &input, &webhook(&app, &shot)).await,
        (Err(error), _) | (_, Err(error)) => {
            Err(SubmitError::Rejected(FalError::new(FalErrorKind::InvalidInput, error.to_string())))
        }
    };
    let error = match answer {
        Ok(request) => return accepted(&app, &shot, request).await,
        Err(SubmitError::Rejected(error)) => error,
        Err(SubmitError::NotSent(_)) => FalError::new(FalErrorKind::Unreachable, "fal could not be reached"),
        Err(error @ SubmitError::Unknown(_)) => {
            tracing::warn!(
                event = "submit_unknown",
                shot.id = %shot.id,
                shot.attempt = attempt,
                error = &error as &dyn std::error::Error,
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
        error = &error as &dyn std::error::Error,
        "submit refused"
    );
    app.recorder.record(shot.id, attempt, Arrival::Error(error), app.clock.now()).await?;
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
