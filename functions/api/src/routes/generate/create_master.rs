//! `POST /api/v1/projects/{project}/images/generate/master`: the definitive picture of a subject.
//!
//! Journey: `tests/it/journeys/master.rs`.

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
        kinds::{master::CreateMaster, tuned::Tuned},
    },
    start_job::{Asked, Request, start_job},
};

pub(crate) async fn create_master(
    State(app): State<Arc<App>>,
    project: Project<Generate>,
    mode: Mode,
    headers: HeaderMap,
    body: JsonBody<Tuned<CreateMaster>>,
) -> Result<Response, ApiError> {
    let request = Request::new(&app, &project, Asked::by(body, &app), &headers, "generate/master").await?;
    start_job(&app, request, mode).await
}
