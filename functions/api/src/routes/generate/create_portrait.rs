//! `POST /api/v1/projects/{project}/images/generate/portrait`: pictures of a person, by a LoRA that knows their face.
//!
//! Journey: `tests/it/journeys/portrait.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, extract::Path, kinds::portrait::CreatePortrait},
    start_job::{Request, start_job},
};

pub(crate) async fn create_portrait(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: JsonBody<CreatePortrait>,
) -> Result<Response, ApiError> {
    let project = caller.may(&app, Action::Generate, &project).await?;
    let kind = body.value.validated(app.wording())?;
    let request = Request::new(&caller, project, kind, &headers, "generate/portrait", &body.sha256)?;
    start_job(&app, request).await
}
