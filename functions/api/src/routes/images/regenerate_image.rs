//! `POST /api/v1/projects/{project}/images/{image}/regenerate`: an image made anew, as its next version.
//!
//! Journey: `tests/it/journeys/regenerate.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_domain::id::MediaId;

use crate::{
    access::{Generate, Project},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, dry_run::Mode, kinds::regeneration::Regenerate, path::Named},
    routes::generate::regeneration::Again,
    start_job::{Request, start_job},
};

pub(crate) async fn regenerate_image(
    State(app): State<Arc<App>>,
    project: Project<Generate>,
    Named(id): Named<MediaId>,
    mode: Mode,
    headers: HeaderMap,
    body: Option<JsonBody<Regenerate>>,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::NotFound { what: "image" };
    let media = app.store.media(&project.id, &id).await?.ok_or_else(unknown)?;
    // An image comes from a shot, and a shot stays as long as its images do.
    let stored = app.store.job(media.job).await?.ok_or_else(unknown)?;
    let shot = stored.shots.iter().map(|shot| &shot.value).find(|shot| shot.id == media.shot).ok_or_else(unknown)?;
    let again = Again { job: &stored.job.value, shot, of: Some(id.clone()) };
    let asked = again.asked(&app, body.unwrap_or_default()).await?;
    let request = Request::new(&app, &project, asked, &headers, &format!("images/{id}/regenerate")).await?;
    start_job(&app, request, mode).await
}
