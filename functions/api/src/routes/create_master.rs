//! `POST /api/v1/projects/{project}/images/generate/master`: the definitive picture of a subject.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_core::{
    kind::{
        Kind, MasterReference,
        master::{DEFAULT_MODEL, MAX_VARIATIONS},
    },
    model::Model,
    subject::{SubjectType, VisualSpecifications},
};
use serde::Deserialize;

use crate::{
    access::{Action, Caller},
    app::App,
    body::JsonBody,
    extract::Path,
    idempotency::idempotency,
    prefer,
    problem::ApiError,
    start_job::{Order, start_job},
    validation::Errors,
};

/// The greatest seed of a request: the last variation's must still fit into 63 bits.
const MAX_SEED: u64 = i64::MAX as u64 - MAX_VARIATIONS as u64;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateMaster {
    subject_type: SubjectType,
    subject_id: String,
    description: String,
    style: Option<String>,
    #[serde(default)]
    references: Vec<String>,
    seed: Option<u64>,
    variations: Option<u16>,
    negative_prompt: Option<String>,
    model: Option<String>,
}

pub(crate) async fn create_master(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: JsonBody<CreateMaster>,
) -> Result<Response, ApiError> {
    let project = caller.may(&app, Action::Generate, &project).await?;
    let wait = prefer::wait(&headers)?;
    let idempotency = idempotency(&headers, "generate/master", &body.sha256)?;
    let kind = Kind::Master(body.value.validated()?);
    start_job(&app, Order { caller, project, kind, idempotency, wait }).await
}

impl CreateMaster {
    fn validated(self) -> Result<MasterReference, ApiError> {
        let mut errors = Errors::default();
        errors.text("/description", self.description.trim(), 10, 1000);
        errors.optional_text("/style", self.style.as_deref(), 200);
        errors.optional_text("/negativePrompt", self.negative_prompt.as_deref(), 1000);
        let subject_id = errors.check("/subjectId", self.subject_id.parse());
        if self.references.len() > 10 {
            errors.add("/references", "holds more than 10 addresses");
        }
        for (index, address) in self.references.iter().enumerate() {
            errors.https(&format!("/references/{index}"), address);
        }
        if self.seed.is_some_and(|seed| seed > MAX_SEED) {
            errors.add("/seed", format!("is greater than {MAX_SEED}"));
        }
        let variations = self.variations.unwrap_or(1);
        if !(1..=MAX_VARIATIONS).contains(&variations) {
            errors.add("/variations", format!("is not between 1 and {MAX_VARIATIONS}"));
        }
        let model = self.model.unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        if Model::by_id(&model).is_none() {
            let known: Vec<&str> = Model::all().iter().map(|model| model.id.as_str()).collect();
            errors.add("/model", format!("is none of {}", known.join(", ")));
        }
        errors.finish()?;
        let Some(subject_id) = subject_id else { return Err(ApiError::NotFound { what: "subject" }) };
        Ok(MasterReference {
            subject_type: self.subject_type,
            subject_id,
            description: self.description.trim().to_owned(),
            style: self.style,
            references: self.references,
            seed: self.seed,
            variations,
            negative_prompt: self.negative_prompt,
            model,
            specifications: VisualSpecifications::default(),
        })
    }
}
