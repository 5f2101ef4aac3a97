//! `POST /api/v1/projects/{project}/images/generate/portrait`: pictures of a person, by a LoRA that knows their face.
//!
//! Journey: `tests/it/journeys/portrait.rs`.

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
        kinds::{portrait::CreatePortrait, tuned::Tuned},
    },
    start_job::{Asked, Request, start_job},
};

pub(crate) async fn create_portrait(
    State(app): State<Arc<App>>,
    project: Project<Generate>,
    mode: Mode,
    headers: HeaderMap,
    body: JsonBody<Tuned<CreatePortrait>>,
) -> Result<Response, ApiError> {
    let request = Request::new(&app, &project, Asked::by(body, &app), &headers, "generate/portrait").await?;
    start_job(&app, request, mode).await
}
