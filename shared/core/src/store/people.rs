//! People.

use serde::{Deserialize, Serialize};

use super::{Page, Position, Saved, Store, StoreError, Versioned, layout, to_item};
use crate::{
    id::{PersonId, ProjectId},
    person::Person,
};

#[derive(Serialize, Deserialize)]
pub(super) struct PersonItem {
    #[serde(flatten)]
    key: layout::Key,
    revision: u64,
    person: Person,
}

impl PersonItem {
    pub(super) fn new(person: &Person, revision: u64) -> Self {
        Self { key: layout::person(&person.project, &person.id), revision, person: person.clone() }
    }
}

impl Store {
    /// Reads a person.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn person(
        &self,
        project: &ProjectId,
        person: &PersonId,
    ) -> Result<Option<Versioned<Person>>, StoreError> {
        let item = self.read::<PersonItem>(layout::person(project, person)).await?;
        Ok(item.map(|item| Versioned { value: item.person, revision: item.revision }))
    }

    /// Writes a person, new (`seen` is `None`) or over the revision that was read.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn put_person(&self, person: &Person, seen: Option<u64>) -> Result<Saved, StoreError> {
        self.put_over(to_item(&PersonItem::new(person, seen.unwrap_or(0) + 1))?, seen).await
    }

    /// The people of a project, by id.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn people(
        &self,
        project: &ProjectId,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Person>, StoreError> {
        let page: Page<PersonItem> =
            self.page_of_items(layout::project_partition(project), layout::PEOPLE, after, limit).await?;
        Ok(Page { items: page.items.into_iter().map(|item| item.person).collect(), next: page.next })
    }
}
