//! `POST /api/v1/projects/{project}/images/generate/master`: the definitive picture of a subject.
//!
//! Journey: `tests/it/journeys/master.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, extract::Path, kinds::master::CreateMaster},
    start_job::{Request, start_job},
};

pub(crate) async fn create_master(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: JsonBody<CreateMaster>,
) -> Result<Response, ApiError> {
    let project = caller.may(&app, Action::Generate, &project).await?;
    let kind = body.value.validated(app.wording())?;
    let request = Request::new(&caller, project, kind, &headers, "generate/master", &body.sha256)?;
    start_job(&app, request).await
}
