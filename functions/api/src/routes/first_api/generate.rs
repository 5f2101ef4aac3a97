//! `POST /api/generate`: the kinds in the few words of the first API. The request is put into the words of its kind's
//! own route, and from there on is one like any other.
//!
//! Journey: `tests/it/journeys/generate.rs`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use likeness_core::{
    id::{JobId, ProjectId},
    job::JobStatus,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    access::{Action, Caller},
    app::App,
    problem::{ApiError, FieldError},
    request::body::JsonBody,
    routes::first_api::translation::{GenerateType, USED, translate},
    start_job::{Request, accept},
    views::job::location,
};

const MAX_METADATA: usize = 16 * 1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Generate {
    #[serde(rename = "type")]
    pub(crate) kind: GenerateType,
    pub(crate) prompt: String,
    pub(crate) reference_image_url: Option<String>,
    project_id: Option<String>,
    /// Given back with the job. Of it, [`USED`](crate::routes::first_api::translation::USED) is used; the rest is the caller's own.
    pub(crate) metadata: Option<Map<String, Value>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Generating {
    job_id: JobId,
    status: JobStatus,
    message: &'static str,
}

pub(crate) async fn generate(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: JsonBody<Generate>,
) -> Result<Response, ApiError> {
    let JsonBody { value: body, sha256 } = body;
    let project = match &body.project_id {
        Some(project) => caller.may(&app, Action::Generate, project).await?,
        None => caller.may(&app, Action::Generate, only_project(&app, &caller).await?.as_str()).await?,
    };
    if body.metadata.as_ref().is_some_and(|metadata| json!(metadata).to_string().len() > MAX_METADATA) {
        return Err(FieldError::body("/metadata", format!("has more than {MAX_METADATA} bytes")).into());
    }
    let translated = translate(&app, &project, &body).await?;
    let kind = translated.kind(app.wording())?;
    let request = Request::new(&caller, project, kind, &headers, "generate", &sha256)?;
    let own = body.metadata.iter().flat_map(Map::keys).any(|key| !USED.contains(&key.as_str()));
    let request = request.with_metadata(body.metadata.map(Value::Object), own);
    let started = accept(&app, &request).await.map_err(|error| translated.in_its_own_words(error))?;
    let job = &started.stored.job.value;
    let status = job.status(&started.stored.plain_shots());
    let view = Generating { job_id: job.id, status, message: message(status) };
    let mut answer = (StatusCode::ACCEPTED, [(header::LOCATION, location(job.id))], Json(view)).into_response();
    if started.cached {
        let hit = HeaderValue::from_static("likeness; hit");
        answer.headers_mut().insert(HeaderName::from_static("cache-status"), hit);
    }
    Ok(answer)
}

/// The one project of a caller who has just one.
async fn only_project(app: &App, caller: &Caller) -> Result<ProjectId, ApiError> {
    let projects = app.store.projects_of(&caller.user, None, 2).await?.items;
    match <[_; 1]>::try_from(projects) {
        Ok([project]) => Ok(project.id),
        Err(projects) if projects.is_empty() => {
            Err(FieldError::body("/projectId", "is missing, and you are a member of no project").into())
        }
        Err(_) => Err(FieldError::body("/projectId", "is missing, and you are a member of several projects").into()),
    }
}

fn message(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Queued => "Image generation queued successfully",
        JobStatus::Processing => "Image generation is under way",
        JobStatus::Completed | JobStatus::Partial => "The image was generated before",
        JobStatus::Failed | JobStatus::Canceled => "Image generation has ended without an image",
    }
}
