//! `POST /api/v1/projects/{project}/images/generate/profile360`: a subject from all around.
//!
//! Journey: `tests/it/journeys/profile.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, extract::Path, kinds::profile::CreateProfile},
    start_job::{Request, start_job},
};

pub(crate) async fn create_profile(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: JsonBody<CreateProfile>,
) -> Result<Response, ApiError> {
    let project = caller.may(&app, Action::Generate, &project).await?;
    let kind = body.value.validated(app.wording())?;
    let request = Request::new(&caller, project, kind, &headers, "generate/profile360", &body.sha256)?;
    start_job(&app, request).await
}
