//! Subjects.

use serde::{Deserialize, Serialize};

use super::{Page, Position, Saved, Store, StoreError, Versioned, layout, to_item};
use crate::{
    id::{ProjectId, SubjectId},
    subject::Subject,
};

#[derive(Serialize, Deserialize)]
pub(super) struct SubjectItem {
    #[serde(flatten)]
    key: layout::Key,
    revision: u64,
    subject: Subject,
}

impl SubjectItem {
    pub(super) fn new(subject: &Subject, revision: u64) -> Self {
        Self { key: layout::subject(&subject.project, &subject.id), revision, subject: subject.clone() }
    }
}

impl Store {
    /// Reads a subject.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn subject(
        &self,
        project: &ProjectId,
        subject: &SubjectId,
    ) -> Result<Option<Versioned<Subject>>, StoreError> {
        let item = self.read::<SubjectItem>(layout::subject(project, subject)).await?;
        Ok(item.map(|item| Versioned { value: item.subject, revision: item.revision }))
    }

    /// Writes a subject, new (`seen` is `None`) or over the revision that was read.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn put_subject(&self, subject: &Subject, seen: Option<u64>) -> Result<Saved, StoreError> {
        self.put_over(to_item(&SubjectItem::new(subject, seen.unwrap_or(0) + 1))?, seen).await
    }

    /// The subjects of a project, by id.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn subjects(
        &self,
        project: &ProjectId,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Subject>, StoreError> {
        let page: Page<SubjectItem> =
            self.page_of_items(layout::project_partition(project), "SUBJECT#", after, limit).await?;
        Ok(Page { items: page.items.into_iter().map(|item| item.subject).collect(), next: page.next })
    }
}
