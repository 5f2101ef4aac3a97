//! `PUT /api/v1/projects/{project}/subjects/{subject}`: what a character, place or prop looks like.
//!
//! Journey: `tests/it/journeys/master.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::{
    id::SubjectId,
    subject::{Subject, SubjectType, VisualSpecifications},
};
use serde::Deserialize;

use crate::{
    access::{Project, Write},
    app::App,
    problem::{ApiError, FieldError},
    request::{body::JsonBody, errors::Errors, path::Named},
    views::subject::SubjectView,
};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PutSubject {
    subject_type: SubjectType,
    description: String,
    #[serde(default)]
    specifications: VisualSpecifications,
}

pub(crate) async fn put_subject(
    State(app): State<Arc<App>>,
    project: Project<Write>,
    Named(id): Named<SubjectId>,
    body: JsonBody<PutSubject>,
) -> Result<Json<SubjectView>, ApiError> {
    let PutSubject { subject_type, description, specifications } = body.valid(PutSubject::validated)?;
    let now = app.clock.now();
    let make = |existing: Option<Subject>| {
        if let Some(existing) = existing.as_ref().filter(|existing| existing.subject_type != subject_type) {
            let detail = format!("cannot change: the subject {id} is a {}", existing.subject_type.as_str());
            return Err(FieldError::body("/subjectType", detail));
        }
        Ok(Subject {
            id: id.clone(),
            project: project.id.clone(),
            subject_type,
            description: description.clone(),
            specifications: specifications.clone(),
            created_at: existing.map_or(now, |existing| existing.created_at),
            updated_at: now,
        })
    };
    let subject = app.store.put_subject(&project.id, &id, make).await??;
    Ok(Json(SubjectView::new(&app, subject).await?))
}

impl PutSubject {
    #[expect(clippy::unnecessary_wraps, reason = "as a check of a body is")]
    fn validated(self, errors: &mut Errors) -> Option<Self> {
        let specifications = &self.specifications;
        errors.text("/description", &self.description, 10, 1000);
        for (name, value) in specifications.fields() {
            let pointer = format!("/specifications/{name}");
            if matches!(name, "eyeColor" | "hairColor" | "skinTone") {
                colour(errors, &pointer, value);
            } else {
                errors.text(&pointer, value, 1, 300);
            }
        }
        if specifications.color_palette.len() > 12 {
            errors.add("/specifications/colorPalette", "must have at most 12 colours");
        }
        for (index, value) in specifications.color_palette.iter().enumerate() {
            colour(errors, &format!("/specifications/colorPalette/{index}"), value);
        }
        Some(self)
    }
}

fn colour(errors: &mut Errors, pointer: &str, value: &str) {
    let digits = value.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        errors.add(pointer, "must be a colour such as #6b3e26");
    }
}
