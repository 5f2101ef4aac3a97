//! `GET /api/v1/queues/{queue}/dead-letters`: messages that no function could attend to, several times. All are counted; of
//! those that are of a project only its members see the content, and of the others only keys with the scope `admin`.
//!
//! Journey: `tests/it/journeys/dead_letters.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use futures_util::future::try_join_all;
use likeness_core::{
    clients::queue_admin::{About, DeadLetter, QueueName, WakeUp},
    store::StoreError,
};
use likeness_domain::{id::ProjectId, project::Scope};
use serde::Serialize;

use crate::{
    access::{Caller, Key, Read},
    app::App,
    problem::ApiError,
    request::path::Named,
    views::time::Time,
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
    sent_at: Option<Time>,
    receives: u64,
    /// `null` where it cannot be read.
    hint: Option<WakeUp>,
}

pub(crate) async fn list_dead_letters(
    State(app): State<Arc<App>>,
    Key { caller, .. }: Key<Read>,
    Named(queue): Named<QueueName>,
) -> Result<Json<DeadLetters>, ApiError> {
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
    let may_see = match project_of(app, letter.wake_up).await? {
        Some(project) => match caller.may::<Read>(app, project.as_str()).await {
            Ok(_) => true,
            Err(ApiError::NotFound { .. } | ApiError::Forbidden { .. }) => false,
            Err(error) => return Err(error),
        },
        None => caller.scopes.contains(&Scope::Admin),
    };
    let DeadLetter { id, sent_at, receives, wake_up } = letter;
    Ok(may_see.then_some(DeadLetterView { message_id: id, sent_at: sent_at.map(Time::from), receives, hint: wake_up }))
}

/// The project that a message is of; `None` where it is of none, or of one that cannot be told.
async fn project_of(app: &App, wake_up: Option<WakeUp>) -> Result<Option<ProjectId>, StoreError> {
    let project = match wake_up.map_or(About::Nobody, WakeUp::about) {
        About::Nobody => Ok(None),
        About::Job(job) => app.store.job_alone(job).await.map(|job| job.map(|job| job.value.project)),
        About::Workflow(id) => app.store.workflow(id).await.map(|found| found.map(|found| found.value.project)),
    };
    match project {
        // A record that cannot be read may be why the message was given up.
        Err(StoreError::Unreadable { .. }) => Ok(None),
        project => project,
    }
}
