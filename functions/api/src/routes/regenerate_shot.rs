//! `POST /api/v1/jobs/{job}/shots/{shot}/regenerate`: what one shot was to make, made anew, also where it failed. The
//! image that is there stays; the new one is its next version.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_core::{
    id::ShotId,
    job::Job,
    kind::{
        Kind, Regeneration, Tuning,
        regeneration::{Changes, Lineage},
    },
    prompt::Wording,
    shot::Shot,
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
    let lineage = lineage(&app, job, shot).await?;
    let kind = regeneration(&app, job, shot, lineage, changes).await?;
    let route = format!("shots/{id}/regenerate");
    let request = Request::new(&caller, job.project.clone(), kind, &headers, &route, &sha256)?;
    start_job(&app, request).await
}

/// What the next image of `shot` is a version of. An entry of a collection knows the newest one.
pub(super) async fn lineage(app: &App, job: &Job, shot: &Shot) -> Result<Lineage, ApiError> {
    let lineage = Lineage::of(job, shot);
    let Some(id) = lineage.collection else { return Ok(lineage) };
    Ok(match app.store.collection(&job.project, id).await? {
        Some(collection) => {
            let entry = collection.value.views.into_iter().find(|view| Some(view.angle) == shot.recipe.angle);
            Lineage { newest: entry.map(|entry| entry.media).or(lineage.newest), ..lineage }
        }
        // The profile failed, and what it made is kept without one.
        None => Lineage { collection: None, ..lineage },
    })
}

/// The next version, with the next number.
pub(super) async fn regeneration(
    app: &App,
    job: &Job,
    shot: &Shot,
    lineage: Lineage,
    changes: Changes,
) -> Result<Kind, ApiError> {
    let underway = |what: &str| ApiError::Conflict { detail: format!("{what} is still under way; wait for its job") };
    if !shot.is_settled() {
        return Err(underway("the shot"));
    }
    match &job.kind {
        // The collection that shows the new version does not exist yet.
        Kind::Profile(_) if job.ending().is_none() => return Err(underway("the profile")),
        Kind::Profile(_) | Kind::Master(_) | Kind::Composite(_) | Kind::Portrait(_) | Kind::Regeneration(_) => {}
    }
    let version = app.store.next_version(&job.project, lineage.root).await?;
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
