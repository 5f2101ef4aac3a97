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
use likeness_domain::{
    id::{JobId, ProjectId},
    job::JobStatus,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    access::{Caller, Generate as GenerateRight},
    app::App,
    headers::cache::CACHE_HIT,
    problem::{ApiError, FieldError},
    quote,
    request::{body::JsonBody, dry_run::Mode, errors::Errors},
    routes::first_api::translation::{GenerateType, USED, translate},
    start_job::{Asked, Request, accept},
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
    /// For whom an app asks.
    end_user: Option<String>,
    /// Given back with the job. Of it, [`USED`](crate::routes::first_api::translation::USED) is used; the rest is the
    /// caller's own.
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
    mode: Mode,
    headers: HeaderMap,
    body: JsonBody<Generate>,
) -> Result<Response, ApiError> {
    let sha256 = body.sha256.clone();
    let (body, mut errors) = body.checked(|body: Generate, errors| {
        body.check(errors);
        Some(body)
    });
    let Some(body) = body else { return Err(errors.refusal()) };
    let project = match &body.project_id {
        Some(project) => caller.may::<GenerateRight>(&app, project).await?,
        None => caller.may(&app, only_project(&app, &caller).await?.as_str()).await?,
    };
    let translated = errors.part(translate(&app, &project.id, &body).await)?;
    let Some(translated) = translated else { return Err(errors.refusal()) };
    let kind = translated.kind(app.wording(), &mut errors);
    let end_user = errors.end_user(body.end_user.as_deref());
    let asked = Asked { kind, end_user, errors, sha256 };
    let request = Request::new(&app, &project, asked, &headers, "generate").await;
    let request = request.map_err(|error| translated.in_its_own_words(error))?;
    let own = body.metadata.iter().flat_map(Map::keys).any(|key| !USED.contains(&key.as_str()));
    let request = request.with_metadata(body.metadata.map(Value::Object), own);
    if mode == Mode::Price {
        return quote::of_request(&app, &request).await.map_err(|error| translated.in_its_own_words(error));
    }
    let started = accept(&app, &request).await.map_err(|error| translated.in_its_own_words(error))?;
    let job = &started.stored.job.value;
    let status = job.status(&started.stored.plain_shots());
    let view = Generating { job_id: job.id, status, message: message(status) };
    let mut answer = (StatusCode::ACCEPTED, [(header::LOCATION, location(job.id))], Json(view)).into_response();
    started.rate_limit.write_to(answer.headers_mut());
    if started.cached {
        let (name, value) = CACHE_HIT;
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(answer)
}

impl Generate {
    fn check(&self, errors: &mut Errors) {
        if self.metadata.as_ref().is_some_and(|metadata| json!(metadata).to_string().len() > MAX_METADATA) {
            errors.add("/metadata", format!("must have at most {MAX_METADATA} bytes"));
        }
    }
}

/// The only project of the caller.
async fn only_project(app: &App, caller: &Caller) -> Result<ProjectId, ApiError> {
    let projects = app.store.projects_of(&caller.user, caller.only(), None, 2).await?.items;
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
