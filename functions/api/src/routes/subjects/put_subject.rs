//! `PUT /api/v1/projects/{project}/subjects/{subject}`: what a character, place or prop looks like.
//!
//! Journey: `tests/it/journeys/master.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::{
    id::SubjectId,
    subject::{Subject, SubjectType, VisualSpecifications},
};
use serde::Deserialize;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::{ApiError, FieldError},
    request::{body::JsonBody, extract::Path, validation::Errors},
    views::subject::SubjectView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PutSubject {
    subject_type: SubjectType,
    description: String,
    #[serde(default)]
    specifications: VisualSpecifications,
}

pub(crate) async fn put_subject(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, subject)): Path<(String, String)>,
    body: JsonBody<PutSubject>,
) -> Result<Json<SubjectView>, ApiError> {
    let project = caller.may(&app, Action::Write, &project).await?;
    let id: SubjectId = subject.parse().map_err(|_| ApiError::NotFound { what: "subject" })?;
    let PutSubject { subject_type, description, specifications } = body.value;
    validate(&description, &specifications)?;
    let now = app.clock.now();
    let make = |existing: Option<Subject>| {
        if let Some(existing) = existing.as_ref().filter(|existing| existing.subject_type != subject_type) {
            let detail = format!("the subject {id} is a {}", existing.subject_type.as_str());
            return Err(FieldError::body("/subjectType", detail));
        }
        Ok(Subject {
            id: id.clone(),
            project: project.clone(),
            subject_type,
            description: description.clone(),
            specifications: specifications.clone(),
            created_at: existing.map_or(now, |existing| existing.created_at),
            updated_at: now,
        })
    };
    let subject = app.store.put_subject(&project, &id, make).await??;
    Ok(Json(SubjectView::new(&app, subject).await?))
}

fn validate(description: &str, specifications: &VisualSpecifications) -> Result<(), ApiError> {
    let mut errors = Errors::default();
    errors.text("/description", description, 10, 1000);
    for (name, value) in specifications.fields() {
        let pointer = format!("/specifications/{name}");
        if matches!(name, "eyeColor" | "hairColor" | "skinTone") {
            colour(&mut errors, &pointer, value);
        } else {
            errors.text(&pointer, value, 1, 300);
        }
    }
    if specifications.color_palette.len() > 12 {
        errors.add("/specifications/colorPalette", "holds more than 12 colours");
    }
    for (index, value) in specifications.color_palette.iter().enumerate() {
        colour(&mut errors, &format!("/specifications/colorPalette/{index}"), value);
    }
    errors.finish()
}

fn colour(errors: &mut Errors, pointer: &str, value: &str) {
    let digits = value.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        errors.add(pointer, "is no colour of the form #6b3e26");
    }
}
