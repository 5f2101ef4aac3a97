//! Subjects.

use serde::{Deserialize, Serialize};

use super::{
    Page, Position, Saved, Store, StoreError, Versioned,
    condition::{Condition, Record},
    error::to_item,
    layout,
};
use likeness_domain::{
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

    /// Writes what `make` makes of the subject that is there, or of none; made anew where another write came first.
    ///
    /// # Errors
    /// The table was out of reach or refused, or other writes came first, many times; inside, `make`'s own.
    pub async fn put_subject<E>(
        &self,
        project: &ProjectId,
        id: &SubjectId,
        mut make: impl FnMut(Option<Subject>) -> Result<Subject, E>,
    ) -> Result<Result<Subject, E>, StoreError> {
        let mut tries = self.tries("the subject");
        loop {
            let before = self.subject(project, id).await?;
            let seen = before.as_ref().map(|before| before.revision);
            let subject = match make(before.map(|before| before.value)) {
                Ok(subject) => subject,
                Err(error) => return Ok(Err(error)),
            };
            let item = to_item(&SubjectItem::new(&subject, seen.unwrap_or(0) + 1))?;
            let condition =
                seen.map_or(Condition::New(Record::Subject), |seen| Condition::Unchanged(Record::Subject, seen));
            if self.put_if(item, condition).await? == Saved::Yes {
                return Ok(Ok(subject));
            }
            tries.again().await?;
        }
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
