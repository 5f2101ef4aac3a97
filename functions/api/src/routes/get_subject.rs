//! `GET /api/v1/projects/{project}/subjects/{subject}`.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use likeness_core::{
    filing::Relation,
    id::SubjectId,
    subject::{Subject, SubjectType, VisualSpecifications},
};
use serde::Serialize;

use crate::{
    access::{Action, Caller},
    app::App,
    extract::Path,
    problem::ApiError,
};

/// A subject with its master references and profiles, oldest first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubjectView {
    id: SubjectId,
    subject_type: SubjectType,
    description: String,
    specifications: VisualSpecifications,
    master_references: Vec<String>,
    /// Collections of its views.
    profiles: Vec<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl SubjectView {
    pub(crate) async fn new(app: &App, subject: Subject) -> Result<Self, ApiError> {
        let related = async |relation| app.store.related(&subject.project, subject.id.as_str(), relation).await;
        let masters = related(Relation::HasMasterReference).await?;
        let profiles = related(Relation::Has360Profile).await?;
        Ok(Self {
            id: subject.id,
            subject_type: subject.subject_type,
            description: subject.description,
            specifications: subject.specifications,
            master_references: masters,
            profiles,
            created_at: subject.created_at,
            updated_at: subject.updated_at,
        })
    }
}

pub(crate) async fn get_subject(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, subject)): Path<(String, String)>,
) -> Result<Json<SubjectView>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let unknown = || ApiError::NotFound { what: "subject" };
    let id: SubjectId = subject.parse().map_err(|_| unknown())?;
    let subject = app.store.subject(&project, &id).await?.ok_or_else(unknown)?;
    Ok(Json(SubjectView::new(&app, subject.value).await?))
}
