//! `POST /api/v1/jobs/{job}/shots/{shot}/regenerate`: what one shot was to make, made anew, also where it failed. The
//! image that is there stays; the new one is its next version.
//!
//! Journey: `tests/it/journeys/regenerate.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_domain::id::ShotId;

use crate::{
    access::{Generate, JobOf},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, dry_run::Mode, kinds::regeneration::Regenerate, path::Named},
    routes::generate::regeneration::Again,
    start_job::{Request, start_job},
};

pub(crate) async fn regenerate_shot(
    State(app): State<Arc<App>>,
    JobOf { stored, project }: JobOf<Generate>,
    Named(id): Named<ShotId>,
    mode: Mode,
    headers: HeaderMap,
    body: Option<JsonBody<Regenerate>>,
) -> Result<Response, ApiError> {
    let shot = stored.shots.iter().map(|shot| &shot.value).find(|shot| shot.id == id);
    let shot = shot.ok_or(ApiError::NotFound { what: "shot" })?;
    let again = Again { job: &stored.job.value, shot, of: None };
    let asked = again.asked(&app, body.unwrap_or_default()).await?;
    let request = Request::new(&app, &project, asked, &headers, &format!("shots/{id}/regenerate")).await?;
    start_job(&app, request, mode).await
}
