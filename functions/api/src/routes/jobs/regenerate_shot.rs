//! `POST /api/v1/jobs/{job}/shots/{shot}/regenerate`: what one shot was to make, made anew, also where it failed. The
//! image that is there stays; the new one is its next version.
//!
//! Journey: `tests/it/journeys/regenerate.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_core::id::ShotId;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, extract::Path, kinds::regeneration::Regenerate},
    routes::{generate::regeneration::regeneration, jobs::reachable},
    start_job::{Request, start_job},
};

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
