//! A collection as clients see it, without its images.

use likeness_domain::{
    collection::Collection,
    id::{CollectionId, JobId, SubjectId},
    media::ImageType,
};
use serde::Serialize;

use crate::views::time::Time;

/// What is known of a collection without its images.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CollectionView {
    collection_id: CollectionId,
    #[serde(rename = "type")]
    kind: &'static str,
    subject_id: SubjectId,
    /// As the request named it.
    master_reference_id: String,
    job_id: JobId,
    created_at: Time,
    updated_at: Time,
}

impl From<Collection> for CollectionView {
    fn from(collection: Collection) -> Self {
        Self {
            collection_id: collection.id,
            kind: ImageType::Profile360.as_str(),
            subject_id: collection.subject,
            master_reference_id: collection.master,
            job_id: collection.job,
            created_at: collection.created_at.into(),
            updated_at: collection.updated_at.into(),
        }
    }
}
