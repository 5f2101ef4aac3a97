//! `POST /api/v1/projects/{project}/images/generate/composite`: a scene that puts several together.
//!
//! Journey: `tests/it/journeys/composite.rs`.

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
        kinds::{composite::CreateComposite, tuned::Tuned},
    },
    start_job::{Asked, Request, start_job},
};

pub(crate) async fn create_composite(
    State(app): State<Arc<App>>,
    project: Project<Generate>,
    mode: Mode,
    headers: HeaderMap,
    body: JsonBody<Tuned<CreateComposite>>,
) -> Result<Response, ApiError> {
    let request = Request::new(&app, &project, Asked::by(body, &app), &headers, "generate/composite").await?;
    start_job(&app, request, mode).await
}
