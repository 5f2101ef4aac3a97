//! A subject as clients see it.

use likeness_domain::{
    id::SubjectId,
    storage_plan::Relation,
    subject::{Subject, SubjectType, VisualSpecifications},
};
use serde::Serialize;

use crate::{app::App, problem::ApiError, views::time::Time};

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
    created_at: Time,
    updated_at: Time,
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
            created_at: subject.created_at.into(),
            updated_at: subject.updated_at.into(),
        })
    }
}
