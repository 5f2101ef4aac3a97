//! `POST /api/v1/projects/{project}/images/generate/profile360`: a subject from all around.
//!
//! Journey: `tests/it/journeys/profile.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    access::{Generate, Project},
    app::App,
    problem::ApiError,
    request::{
        body::JsonBody,
        dry_run::Mode,
        kinds::{profile::CreateProfile, tuned::Tuned},
    },
    start_job::{Asked, Request, start_job},
};

pub(crate) async fn create_profile(
    State(app): State<Arc<App>>,
    project: Project<Generate>,
    mode: Mode,
    headers: HeaderMap,
    body: JsonBody<Tuned<CreateProfile>>,
) -> Result<Response, ApiError> {
    let request = Request::new(&app, &project, Asked::by(body, &app), &headers, "generate/profile360").await?;
    start_job(&app, request, mode).await
}
