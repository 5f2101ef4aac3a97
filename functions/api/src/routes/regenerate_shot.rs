//! `POST /api/v1/jobs/{job}/shots/{shot}/regenerate`: what one shot was to make, made anew, also where it failed. The
//! image that is there stays; the new one is its next version.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_core::{
    id::{MediaId, ShotId},
    job::{Job, Lineage},
    kind::{Kind, Regeneration, Tuning, regeneration::Changes},
    prompt::Wording,
    shot::Shot,
    store::Versions,
};
use serde::Deserialize;

use super::get_job::reachable;
use crate::{
    access::{Action, Caller},
    app::App,
    body::JsonBody,
    extract::Path,
    problem::ApiError,
    start_job::{Request, start_job},
    validation::Errors,
};

/// What is to be different; the seed always is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Regenerate {
    seed: Option<u64>,
    /// In place of the whole prompt.
    prompt: Option<String>,
    negative_prompt: Option<String>,
    steps: Option<u32>,
    guidance: Option<f64>,
}

pub(crate) async fn regenerate_shot(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((job, shot)): Path<(String, String)>,
    headers: HeaderMap,
    body: Option<JsonBody<Regenerate>>,
) -> Result<Response, ApiError> {
    let stored = reachable(&app, &caller, Action::Generate, &job).await?;
    let JsonBody { value, sha256 } = body.unwrap_or_default();
    let changes = value.validated(app.wording())?;
    let (job, unknown) = (&stored.job.value, || ApiError::NotFound { what: "shot" });
    let id: ShotId = shot.parse().map_err(|_| unknown())?;
    let shot = stored.shots.iter().map(|shot| &shot.value).find(|shot| shot.id == id).ok_or_else(unknown)?;
    let kind = regeneration(&app, job, shot, None, changes).await?;
    let route = format!("shots/{id}/regenerate");
    let request = Request::new(&caller, job.project.clone(), kind, &headers, &route, &sha256)?;
    start_job(&app, request).await
}

/// The next version of what `shot` of `job` made or was to make, with the next number. It replaces `of`, or else the
/// newest: an entry of a collection knows that.
pub(super) async fn regeneration(
    app: &App,
    job: &Job,
    shot: &Shot,
    of: Option<MediaId>,
    changes: Changes,
) -> Result<Kind, ApiError> {
    let underway = |what: &str| ApiError::Conflict { detail: format!("{what} is still under way; wait for its job") };
    if !shot.is_settled() {
        return Err(underway("the shot"));
    }
    match &job.kind {
        // The collection that shows the new version does not exist yet.
        Kind::Profile(_) if job.ending().is_none() => return Err(underway("the profile")),
        Kind::Profile(_)
        | Kind::Master(_)
        | Kind::Composite(_)
        | Kind::Portrait(_)
        | Kind::Regeneration(_)
        | Kind::Verification(_) => {}
    }
    let lineage = Lineage::of(job, shot);
    let collection = match lineage.collection {
        // None where the profile failed: what it made is kept without one.
        Some(id) => app.store.collection(&job.project, id).await?.map(|collection| collection.value),
        None => None,
    };
    let (id, angle) = (collection.as_ref().map(|collection| collection.id), shot.recipe.angle);
    let versions = match (id, angle) {
        (Some(collection), Some(angle)) => Versions::OfView(collection, angle),
        (Some(_) | None, _) => Versions::OfShot(lineage.root),
    };
    let entry = collection.and_then(|collection| collection.views.into_iter().find(|view| Some(view.angle) == angle));
    let newest = entry.as_ref().map_or(1, |entry| entry.version);
    let version = app.store.next_version(&job.project, versions, newest).await?;
    let replaced = of.or(entry.map(|entry| entry.media)).or(lineage.newest);
    let lineage = Lineage { root: lineage.root, collection: id, newest: replaced };
    Ok(Kind::Regeneration(Box::new(Regeneration::new(job, shot, lineage, version, changes))))
}

impl Regenerate {
    pub(super) fn validated(self, wording: &Wording) -> Result<Changes, ApiError> {
        let Self { seed, prompt, negative_prompt, steps, guidance } = self;
        let prompt = prompt.map(|prompt| prompt.trim().to_owned());
        let tuning = Tuning { seed, negative_prompt, steps, guidance, ..Tuning::default() };
        let mut errors = Errors::default();
        if let Some(prompt) = &prompt {
            errors.prompt("/prompt", prompt, wording);
        }
        errors.tuning(&tuning);
        errors.finish()?;
        Ok(Changes { prompt, tuning })
    }
}
