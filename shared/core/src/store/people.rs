//! People.

use serde::{Deserialize, Serialize};

use super::{
    Page, Position, Saved, Store, StoreError, Versioned, if_it_held, layout, number, text, to_item, transaction,
};
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
        let item = to_item(&PersonItem::new(person, seen.unwrap_or(0) + 1))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match seen {
            None => put.condition_expression(transaction::ABSENT),
            Some(seen) => {
                put.condition_expression(transaction::UNCHANGED).expression_attribute_values(":seen", number(seen))
            }
        };
        Ok(Saved::from_held(if_it_held(put.send().await)?.as_ref()))
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
        let pk = layout::project_partition(project);
        let start = after.map(|position| layout::Key { pk: pk.clone(), sk: position.sk.clone() }.into_item());
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(&pk))
            .expression_attribute_values(":prefix", text(layout::PEOPLE))
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start);
        let answer = query.send().await?;
        // A page of DynamoDB may also end because it is large.
        let cut = answer.last_evaluated_key.is_some();
        let mut items: Vec<PersonItem> = serde_dynamo::from_items(answer.items.unwrap_or_default())?;
        let more = cut || items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| Position {
            pk: last.key.pk.clone(),
            sk: last.key.sk.clone(),
            listing_sk: String::new(),
        });
        Ok(Page { items: items.into_iter().map(|item| item.person).collect(), next })
    }
}
