//! A request in the words of the first API, put into those of its kind's own route; and what is wrong with it, put
//! back.

use likeness_domain::{
    id::{ProjectId, SubjectId},
    image_ref::ImageRef,
    kind::Kind,
    media::Media,
    prompt::Wording,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::{
    app::App,
    problem::{ApiError, FieldError},
    request::{
        errors::Errors,
        kinds::{AsksFor, composite::CreateComposite, master::CreateMaster, profile::CreateProfile, tuned::Tuned},
    },
    routes::first_api::generate::Generate,
};

/// What the first API can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GenerateType {
    Master,
    #[serde(rename = "profile_360", alias = "profile360")]
    Profile,
    Composite,
}

/// What is read of the metadata.
pub(crate) const USED: [&str; 5] = ["subjectId", "subjectType", "masterReferenceId", "referenceIds", "rerollBudget"];

/// A request in the words of its kind's own route.
pub(crate) struct Translated {
    kind: GenerateType,
    input: Value,
    places: Places,
}

/// Fields of that route, each with the one of the first API that it was taken from.
struct Places(Vec<(String, String)>);

/// Translates `body`, a request for `project`.
pub(crate) async fn translate(app: &App, project: &ProjectId, body: &Generate) -> Result<Translated, ApiError> {
    let reference = match &body.reference_image_url {
        Some(url) => Some(known_image(app, project, url).await?),
        None => None,
    };
    let mut places = Places(Vec::new());
    places.add("/description", "/prompt");
    places.add("/subjectId", "/metadata/subjectId");
    let input = match body.kind {
        GenerateType::Master => master(body, reference, &mut places),
        GenerateType::Profile => profile(app, project, body, reference, &mut places).await?,
        GenerateType::Composite => composite(body, reference, &mut places)?,
    };
    Ok(Translated { kind: body.kind, input, places })
}

fn master(body: &Generate, reference: Option<String>, places: &mut Places) -> Value {
    places.add("/subjectType", "/metadata/subjectType");
    places.add("/references/0", "/referenceImageUrl");
    json!({
        "subjectType": given(body, "subjectType").cloned().unwrap_or_else(|| json!("character")),
        "subjectId": given(body, "subjectId").cloned().unwrap_or_else(|| json!(made_up_subject(body))),
        "description": body.prompt,
        "references": Vec::from_iter(reference),
    })
}

async fn profile(
    app: &App,
    project: &ProjectId,
    body: &Generate,
    reference: Option<String>,
    places: &mut Places,
) -> Result<Value, ApiError> {
    let (master, here) = match (given(body, "masterReferenceId"), reference) {
        (Some(master), _) => (master.clone(), "/metadata/masterReferenceId"),
        (None, Some(reference)) => (Value::String(reference), "/referenceImageUrl"),
        (None, None) => {
            let detail = "is missing, and so is metadata.masterReferenceId; a profile is made from a master";
            return Err(FieldError::body("/referenceImageUrl", detail).into());
        }
    };
    places.add("/masterReferenceId", here);
    places.add("/rerollBudget", "/metadata/rerollBudget");
    let subject = match given(body, "subjectId") {
        Some(subject) => subject.clone(),
        None => json!(subject_of(app, project, &master).await?.unwrap_or_else(|| made_up_subject(body))),
    };
    Ok(json!({
        "masterReferenceId": master,
        "subjectId": subject,
        "description": body.prompt,
        "rerollBudget": given(body, "rerollBudget"),
    }))
}

fn composite(body: &Generate, reference: Option<String>, places: &mut Places) -> Result<Value, ApiError> {
    let ids = match given(body, "referenceIds") {
        None => &[][..],
        Some(Value::Array(ids)) => ids,
        Some(_) => return Err(FieldError::body("/metadata/referenceIds", "must be a list of image ids").into()),
    };
    let there = |index: usize| format!("/references/characters/{index}/referenceId");
    for index in 0..ids.len() {
        places.add(&there(index), &format!("/metadata/referenceIds/{index}"));
    }
    places.add(&there(ids.len()), "/referenceImageUrl");
    for list in ["/references", "/references/characters"] {
        places.add(list, "/metadata/referenceIds");
    }
    let images = ids.iter().cloned().chain(reference.map(Value::String));
    let characters: Vec<Value> = images.map(|image| json!({ "referenceId": image })).collect();
    Ok(json!({ "description": body.prompt, "references": { "characters": characters } }))
}

impl Translated {
    /// What it asks for; `None` where too much is wrong to say. What is wrong is noted, in the words of the first API.
    pub(crate) fn kind(&self, wording: &Wording, errors: &mut Errors) -> Option<Kind> {
        match self.kind {
            GenerateType::Master => self.asked::<Tuned<CreateMaster>>(wording, errors),
            GenerateType::Profile => self.asked::<Tuned<CreateProfile>>(wording, errors),
            GenerateType::Composite => self.asked::<Tuned<CreateComposite>>(wording, errors),
        }
    }

    fn asked<T: AsksFor>(&self, wording: &Wording, errors: &mut Errors) -> Option<Kind> {
        let mut own = Errors::default();
        let kind = T::read(&self.input, &mut own).and_then(|body| body.kind(&mut own, wording));
        errors.add_all(own.pointing(|there| self.places.here(there)));
        kind
    }

    /// The error, pointing at the fields of the first API.
    pub(crate) fn in_its_own_words(&self, error: ApiError) -> ApiError {
        error.pointing(|there| self.places.here(there))
    }
}

impl Places {
    /// Where the field `there` was taken from.
    fn here(&self, there: &str) -> String {
        let found = self.0.iter().find(|(place, _)| place == there);
        found.map_or_else(|| there.to_owned(), |(_, here)| here.clone())
    }

    fn add(&mut self, there: &str, here: &str) {
        self.0.push((there.to_owned(), here.to_owned()));
    }
}

/// What the metadata says of `name`, if it says anything.
fn given<'a>(body: &'a Generate, name: &str) -> Option<&'a Value> {
    body.metadata.as_ref()?.get(name).filter(|value| !value.is_null())
}

/// The id of the image that has this address, where it is one of this project's; else the address itself.
async fn known_image(app: &App, project: &ProjectId, url: &str) -> Result<String, ApiError> {
    let Some(key) = app.bucket.key_of(url) else { return Ok(url.to_owned()) };
    let Some(id) = Media::id_in(&key) else { return Ok(url.to_owned()) };
    let media = app.store.media(project, &id).await?;
    let has_it = media.is_some_and(|media| media.files().any(|file| file.key == key));
    Ok(if has_it { id.to_string() } else { url.to_owned() })
}

/// The subject that the master shows, where that is known.
async fn subject_of(app: &App, project: &ProjectId, master: &Value) -> Result<Option<String>, ApiError> {
    let subject: Option<SubjectId> = match master.as_str().map(str::parse) {
        Some(Ok(ImageRef::Media(id))) => app.store.media(project, &id).await?.and_then(|media| media.subject),
        Some(Ok(ImageRef::Job(id))) => {
            let job = app.store.job(id).await?.map(|view| view.job.value);
            job.filter(|job| job.project == *project).and_then(|job| job.storage_plan.subject)
        }
        Some(Ok(ImageRef::Url(_) | ImageRef::Step { .. }) | Err(_)) | None => None,
    };
    Ok(subject.map(|subject| subject.to_string()))
}

/// The same for the same request, so that it can be answered from the cache.
fn made_up_subject(body: &Generate) -> String {
    let what = json!([body.prompt, body.reference_image_url, given(body, "subjectType")]);
    let digest = Sha256::digest(what.to_string().nfc().collect::<String>());
    format!("subject-{}", hex::encode(&digest[..6]))
}
