//! LoRAs. One write settles what a LoRA is and makes it its person's latest, or does neither.

use aws_sdk_dynamodb::types::ReturnValue;
use serde::{Deserialize, Serialize};

use super::{
    Page, Position, Saved, Store, StoreError, Versioned,
    condition::{Condition, Record},
    error::{failed, from_item, to_item},
    layout,
    listing::List,
    number,
    people::PersonItem,
    transaction::Transaction,
};
use likeness_domain::{
    id::{LoraId, PersonId, ProjectId},
    lora::Lora,
};

#[derive(Serialize, Deserialize)]
struct LoraItem {
    #[serde(flatten)]
    key: layout::Key,
    revision: u64,
    listing_pk: String,
    listing_sk: String,
    by_subject_pk: String,
    lora: Lora,
}

#[derive(Deserialize)]
struct Counter {
    latest_id: LoraId,
}

impl LoraItem {
    fn new(lora: &Lora, revision: u64) -> Self {
        Self {
            key: layout::lora(lora.id),
            revision,
            listing_pk: layout::loras_of_project(&lora.project),
            // As many digits as the greatest has, so that text sorts as numbers do.
            listing_sk: format!("{:016}", lora.id),
            by_subject_pk: layout::loras_of_person(&lora.project, &lora.person),
            lora: lora.clone(),
        }
    }
}

impl Store {
    /// A number that no LoRA has, greater than all that were given before.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn next_lora_id(&self) -> Result<LoraId, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(layout::lora_counter().into_item()))
            .update_expression("ADD latest_id :one")
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew);
        let answer = update.send().await.map_err(failed("UpdateItem", layout::lora_counter()))?;
        let counter: Counter = from_item(answer.attributes.unwrap_or_default())?;
        Ok(counter.latest_id)
    }

    /// Records a LoRA; false where its id is taken.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn create_lora(&self, lora: &Lora) -> Result<bool, StoreError> {
        Ok(self.put_if(to_item(&LoraItem::new(lora, 1))?, Condition::New(Record::Lora)).await? == Saved::Yes)
    }

    /// Reads a LoRA of any project: whether the caller may see it is for the caller's project to say.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn lora(&self, id: LoraId) -> Result<Option<Versioned<Lora>>, StoreError> {
        let item = self.read::<LoraItem>(layout::lora(id)).await?;
        Ok(item.map(|item| Versioned { value: item.lora, revision: item.revision }))
    }

    /// Writes `after` over `before`. One that is ready becomes its person's latest with it, unless a newer one is.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn save_lora(&self, before: &Versioned<Lora>, after: &Lora) -> Result<Saved, StoreError> {
        let mut transaction = Transaction::default();
        transaction.replace(Record::Lora, to_item(&LoraItem::new(after, before.revision + 1))?, before.revision);
        let person = if after.is_ready() { self.person(&after.project, &after.person).await? } else { None };
        if let Some(Versioned { value: person, revision }) = person
            && let Some(person) = person.with_lora(after.id)
        {
            transaction.replace(Record::Person, to_item(&PersonItem::new(&person, revision + 1))?, revision);
        }
        self.saved(transaction).await
    }

    /// The LoRAs of a project, or of one person in it, newest first.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn loras(
        &self,
        project: &ProjectId,
        person: Option<&PersonId>,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Lora>, StoreError> {
        let (index, partition, value) = match person {
            None => (layout::LISTING, "listing_pk", layout::loras_of_project(project)),
            Some(person) => (layout::LISTING_BY_SUBJECT, "by_subject_pk", layout::loras_of_person(project, person)),
        };
        let page = self.page_of_keys(&List { index, partition, value, holding: None }, after, 0, limit).await?;
        let items: Vec<LoraItem> = self.read_all(&page.items).await?;
        Ok(Page { items: items.into_iter().map(|item| item.lora).collect(), next: page.next })
    }
}
