//! People.

use serde::{Deserialize, Serialize};

use super::{
    Page, Position, Saved, Store, StoreError, Versioned,
    condition::{Condition, Record},
    error::to_item,
    layout,
};
use likeness_domain::{
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

    /// Writes what `make` makes of the person that is there, or of none; made anew where another write came first.
    ///
    /// # Errors
    /// The table was out of reach or refused, or other writes came first, many times; inside, `make`'s own.
    pub async fn put_person<E>(
        &self,
        project: &ProjectId,
        id: &PersonId,
        mut make: impl FnMut(Option<Person>) -> Result<Person, E>,
    ) -> Result<Result<Person, E>, StoreError> {
        let mut tries = self.tries("the person");
        loop {
            let before = self.person(project, id).await?;
            let seen = before.as_ref().map(|before| before.revision);
            let person = match make(before.map(|before| before.value)) {
                Ok(person) => person,
                Err(error) => return Ok(Err(error)),
            };
            let item = to_item(&PersonItem::new(&person, seen.unwrap_or(0) + 1))?;
            let condition =
                seen.map_or(Condition::New(Record::Person), |seen| Condition::Unchanged(Record::Person, seen));
            if self.put_if(item, condition).await? == Saved::Yes {
                return Ok(Ok(person));
            }
            tries.again().await?;
        }
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
