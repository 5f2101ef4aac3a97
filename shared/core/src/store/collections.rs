//! Collections.

use serde::{Deserialize, Serialize};

use super::{
    Item, Page, Position, Store, StoreError, Versioned, condition::Record, error::to_item, layout, listing::List,
    transaction::Transaction,
};
use likeness_domain::{
    collection::Collection,
    id::{CollectionId, ProjectId, SubjectId},
};

#[derive(Serialize, Deserialize)]
struct CollectionItem {
    #[serde(flatten)]
    key: layout::Key,
    revision: u64,
    listing_pk: String,
    listing_sk: String,
    by_subject_pk: String,
    collection: Collection,
}

fn item(collection: &Collection, revision: u64) -> Result<Item, StoreError> {
    to_item(&CollectionItem {
        key: layout::collection(&collection.project, collection.id),
        revision,
        listing_pk: layout::collections_of(&collection.project),
        listing_sk: collection.id.to_string(),
        by_subject_pk: layout::collections_of_subject(&collection.project, &collection.subject),
        collection: collection.clone(),
    })
}

impl Transaction {
    /// Writes a collection, new or over the revision that was read.
    pub(super) fn write_collection(&mut self, collection: &Versioned<Collection>) -> Result<(), StoreError> {
        let Versioned { value, revision: seen } = collection;
        match seen {
            0 => self.create(Record::Collection, item(value, 1)?),
            seen => self.replace(Record::Collection, item(value, seen + 1)?, *seen),
        }
        Ok(())
    }
}

impl Store {
    /// Reads a collection.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn collection(
        &self,
        project: &ProjectId,
        id: CollectionId,
    ) -> Result<Option<Versioned<Collection>>, StoreError> {
        let item = self.read::<CollectionItem>(layout::collection(project, id)).await?;
        Ok(item.map(|item| Versioned { value: item.collection, revision: item.revision }))
    }

    /// The collections of a project, or of one subject in it, newest first.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn collections(
        &self,
        project: &ProjectId,
        subject: Option<&SubjectId>,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Collection>, StoreError> {
        let (index, partition, value) = match subject {
            None => (layout::LISTING, "listing_pk", layout::collections_of(project)),
            Some(subject) => {
                (layout::LISTING_BY_SUBJECT, "by_subject_pk", layout::collections_of_subject(project, subject))
            }
        };
        let page = self.page_of_keys(&List { index, partition, value, holding: None }, after, 0, limit).await?;
        let items: Vec<CollectionItem> = self.read_all(&page.items).await?;
        Ok(Page { items: items.into_iter().map(|item| item.collection).collect(), next: page.next })
    }
}
