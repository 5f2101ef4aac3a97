//! `POST /api/v1/projects/{project}/images/{image}/regenerate`: an image made anew, as its next version.
//!
//! Journey: `tests/it/journeys/regenerate.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_core::id::MediaId;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, extract::Path, kinds::regeneration::Regenerate},
    routes::generate::regeneration::regeneration,
    start_job::{Request, start_job},
};

pub(crate) async fn regenerate_image(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, image)): Path<(String, String)>,
    headers: HeaderMap,
    body: Option<JsonBody<Regenerate>>,
) -> Result<Response, ApiError> {
    let project = caller.may(&app, Action::Generate, &project).await?;
    let JsonBody { value, sha256 } = body.unwrap_or_default();
    let changes = value.validated(app.wording())?;
    let unknown = || ApiError::NotFound { what: "image" };
    let id: MediaId = image.parse().map_err(|_| unknown())?;
    let media = app.store.media(&project, &id).await?.ok_or_else(unknown)?;
    // An image comes from a shot, and a shot stays as long as its images do.
    let stored = app.store.job(media.job).await?.ok_or_else(unknown)?;
    let shot = stored.shots.iter().map(|shot| &shot.value).find(|shot| shot.id == media.shot).ok_or_else(unknown)?;
    let job = &stored.job.value;
    let kind = regeneration(&app, job, shot, Some(id.clone()), changes).await?;
    let route = format!("images/{id}/regenerate");
    let request = Request::new(&caller, project, kind, &headers, &route, &sha256)?;
    start_job(&app, request).await
}
