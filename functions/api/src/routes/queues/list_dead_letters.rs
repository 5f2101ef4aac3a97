//! `GET /api/v1/queues/{queue}/dead-letters`: messages that no function could attend to, several times. All are counted; of
//! those that are of a project only its members see what they say, and of the others only who may do something about them.
//!
//! Journey: `tests/it/journeys/dead_letters.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use likeness_core::{
    backlog::{About, DeadLetter, Hint, QueueName},
    id::ProjectId,
    project::Scope,
    store::StoreError,
};
use serde::Serialize;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadLetters {
    queue: &'static str,
    /// About how many there are.
    count: u64,
    /// Ten at most.
    messages: Vec<DeadLetterView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeadLetterView {
    message_id: String,
    sent_at: Option<Timestamp>,
    receives: u64,
    /// `null` where nobody can read it.
    hint: Option<Hint>,
}

pub(crate) async fn list_dead_letters(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(queue): Path<String>,
) -> Result<Json<DeadLetters>, ApiError> {
    caller.has_scope(Scope::Read, "a key with the scope `read`")?;
    let queue: QueueName = queue.parse().map_err(|_| ApiError::NotFound { what: "queue" })?;
    let count = app.backlog.depth(queue).await?.dead_letters;
    let letters = app.backlog.dead_letters(queue).await?;
    let shown = letters.into_iter().map(|letter| shown(&app, &caller, letter));
    Ok(Json(DeadLetters {
        queue: queue.name(),
        count,
        messages: try_join_all(shown).await?.into_iter().flatten().collect(),
    }))
}

/// The message, if the caller may see it.
async fn shown(app: &App, caller: &Caller, letter: DeadLetter) -> Result<Option<DeadLetterView>, ApiError> {
    let may_see = match project_of(app, letter.hint).await? {
        Some(project) => match caller.may(app, Action::Read, project.as_str()).await {
            Ok(_) => true,
            Err(ApiError::NotFound { .. } | ApiError::Forbidden { .. }) => false,
            Err(error) => return Err(error),
        },
        None => caller.scopes.contains(&Scope::Admin),
    };
    let DeadLetter { id, sent_at, receives, hint } = letter;
    Ok(may_see.then_some(DeadLetterView { message_id: id, sent_at, receives, hint }))
}

/// The project that a message is of; `None` where it is of none, or of one that nobody can tell.
async fn project_of(app: &App, hint: Option<Hint>) -> Result<Option<ProjectId>, StoreError> {
    let project = match hint.map_or(About::Nobody, Hint::about) {
        About::Nobody => Ok(None),
        About::Job(job) => app.store.job_alone(job).await.map(|job| job.map(|job| job.value.project)),
        About::Workflow(id) => app.store.workflow(id).await.map(|found| found.map(|found| found.value.project)),
    };
    match project {
        // A record that cannot be read may be why the message was given up.
        Err(StoreError::Unreadable(_)) => Ok(None),
        project => project,
    }
}
