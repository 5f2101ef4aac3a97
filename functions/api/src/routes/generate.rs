//! `POST /api/generate`: the kinds in the few words of the first API. The request is put into the words of its kind's own
//! route, and from there on is one like any other.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use likeness_core::{
    id::{JobId, ProjectId, SubjectId},
    job::JobStatus,
    kind::Kind,
    media::Media,
    pointer::ImagePointer,
    prompt::Wording,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{create_composite::CreateComposite, create_master::CreateMaster, create_profile::CreateProfile};
use crate::{
    access::{Action, Caller},
    app::App,
    body::{JsonBody, read},
    job_view::location,
    problem::{ApiError, FieldError},
    start_job::{Request, accept},
};

const MAX_METADATA: usize = 16 * 1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Generate {
    #[serde(rename = "type")]
    kind: GenerateType,
    prompt: String,
    reference_image_url: Option<String>,
    project_id: Option<String>,
    /// The caller's own, given back with the job. `subjectId`, `subjectType`, `masterReferenceId` and `referenceIds` in it
    /// are used.
    metadata: Option<Map<String, Value>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum GenerateType {
    Master,
    #[serde(rename = "profile_360")]
    Profile,
    Composite,
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
    let translated = body.translated(&app, &project).await?;
    let kind = translated.kind(app.wording())?;
    let request = Request::new(&caller, project, kind, &headers, "generate", &sha256)?;
    let request = request.with_metadata(body.metadata.map(Value::Object));
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

/// A request in the words of its kind's own route.
struct Translated {
    kind: GenerateType,
    input: Value,
    /// Fields there and here.
    places: Vec<(String, String)>,
}

impl Generate {
    async fn translated(&self, app: &App, project: &ProjectId) -> Result<Translated, ApiError> {
        let url = match &self.reference_image_url {
            Some(url) => Some(known_image(app, project, url).await?),
            None => None,
        };
        let mut places = vec![
            ("/description".to_owned(), "/prompt".to_owned()),
            ("/subjectId".to_owned(), "/metadata/subjectId".to_owned()),
            ("/subjectType".to_owned(), "/metadata/subjectType".to_owned()),
        ];
        let mut place = |there: String, here: &str| places.push((there, here.to_owned()));
        let input = match self.kind {
            GenerateType::Master => {
                place("/references/0".to_owned(), "/referenceImageUrl");
                json!({
                    "subjectType": self.given("subjectType").cloned().unwrap_or_else(|| json!("character")),
                    "subjectId": self.given("subjectId").cloned().unwrap_or_else(|| json!(new_subject(app))),
                    "description": self.prompt,
                    "references": Vec::from_iter(url),
                })
            }
            GenerateType::Profile => {
                let (master, here) = match (self.given("masterReferenceId"), url) {
                    (Some(master), _) => (master.clone(), "/metadata/masterReferenceId"),
                    (None, Some(url)) => (Value::String(url), "/referenceImageUrl"),
                    (None, None) => {
                        let detail = "is missing, and so is metadata.masterReferenceId: a profile shows a master image";
                        return Err(FieldError::body("/referenceImageUrl", detail).into());
                    }
                };
                place("/masterReferenceId".to_owned(), here);
                let subject = match self.given("subjectId") {
                    Some(subject) => subject.clone(),
                    None => json!(subject_of(app, project, &master).await?.unwrap_or_else(|| new_subject(app))),
                };
                json!({ "masterReferenceId": master, "subjectId": subject, "description": self.prompt })
            }
            GenerateType::Composite => {
                let ids = match self.given("referenceIds") {
                    None => &[][..],
                    Some(Value::Array(ids)) => ids,
                    Some(_) => return Err(FieldError::body("/metadata/referenceIds", "is no list of image ids").into()),
                };
                let there = |index: usize| format!("/references/characters/{index}/referenceId");
                for index in 0..ids.len() {
                    place(there(index), &format!("/metadata/referenceIds/{index}"));
                }
                place(there(ids.len()), "/referenceImageUrl");
                place("/references/characters".to_owned(), "/metadata/referenceIds");
                place("/references".to_owned(), "/metadata/referenceIds");
                let images = ids.iter().cloned().chain(url.map(Value::String));
                let characters: Vec<Value> = images.map(|image| json!({ "referenceId": image })).collect();
                json!({ "description": self.prompt, "references": { "characters": characters } })
            }
        };
        Ok(Translated { kind: self.kind, input, places })
    }

    /// What the metadata says of `name`, if it says anything.
    fn given(&self, name: &str) -> Option<&Value> {
        self.metadata.as_ref()?.get(name).filter(|value| !value.is_null())
    }
}

impl Translated {
    fn kind(&self, wording: &Wording) -> Result<Kind, ApiError> {
        let kind = match self.kind {
            GenerateType::Master => self.input::<CreateMaster>()?.validated(wording),
            GenerateType::Profile => self.input::<CreateProfile>()?.validated(wording),
            GenerateType::Composite => self.input::<CreateComposite>()?.validated(wording),
        };
        kind.map_err(|error| self.in_its_own_words(error))
    }

    fn input<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        read(self.input.clone(), "").map_err(|error| self.in_its_own_words(error.into()))
    }

    fn in_its_own_words(&self, error: ApiError) -> ApiError {
        error.pointing(|there| {
            let found = self.places.iter().find(|(place, _)| place == there);
            found.map_or_else(|| there.to_owned(), |(_, here)| here.clone())
        })
    }
}

/// The id of the image that has this address, where it is one of this project's; else the address itself.
async fn known_image(app: &App, project: &ProjectId, url: &str) -> Result<String, ApiError> {
    let Some(key) = app.bucket.key_of(url) else { return Ok(url.to_owned()) };
    let Some(id) = Media::id_in(&key) else { return Ok(url.to_owned()) };
    let media = app.store.media(project, &id).await?;
    let has_it = media.is_some_and(|media| media.files().any(|file| file.key == key));
    Ok(if has_it { id.to_string() } else { url.to_owned() })
}

/// Whom the master image shows, where that is known.
async fn subject_of(app: &App, project: &ProjectId, master: &Value) -> Result<Option<String>, ApiError> {
    let subject: Option<SubjectId> = match master.as_str().map(str::parse) {
        Some(Ok(ImagePointer::Media(id))) => app.store.media(project, &id).await?.and_then(|media| media.subject),
        Some(Ok(ImagePointer::Job(id))) => {
            let job = app.store.job(id).await?.map(|view| view.job.value);
            job.filter(|job| job.project == *project).and_then(|job| job.filing.subject)
        }
        Some(Ok(ImagePointer::Url(_) | ImagePointer::Step { .. }) | Err(_)) | None => None,
    };
    Ok(subject.map(|subject| subject.to_string()))
}

fn new_subject(app: &App) -> String {
    format!("subject-{}", hex::encode(app.entropy.bytes::<4>()))
}
