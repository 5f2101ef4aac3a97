//! Pages of a list, newest first, from an index that holds keys alone.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Call, Item, Store, StoreError,
    error::{failed, from_item, from_items},
    layout::Key,
    text,
};

/// The longest keys of DynamoDB, in bytes.
const MOST_PK: usize = 2048;
const MOST_SK: usize = 1024;

/// Some items and where the next ones begin.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The place behind the last one; `None` at the end of the list.
    pub next: Option<Position>,
}

/// A place in a list. Without the partition, which is always derived from the caller and the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub(super) pk: String,
    pub(super) sk: String,
    pub(super) listing_sk: String,
}

impl Position {
    /// Whether the table could hold something there. A caller may have made it up.
    #[must_use]
    pub(crate) fn is_possible(&self) -> bool {
        (1..=MOST_PK).contains(&self.pk.len())
            && (1..=MOST_SK).contains(&self.sk.len())
            && self.listing_sk.len() <= MOST_SK
    }
}

/// A list: an index, its partition attribute and that attribute's value.
pub(super) struct List<'a> {
    pub(super) index: &'a str,
    pub(super) partition: &'a str,
    pub(super) value: String,
    /// Only entries whose sort key holds this.
    pub(super) holding: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    pk: String,
    sk: String,
    listing_sk: String,
}

impl Store {
    /// Reads up to `limit` keys of `list` behind `after`, newest first, leaving out the first `skip`.
    pub(super) async fn page_of_keys(
        &self,
        list: &List<'_>,
        after: Option<&Position>,
        skip: usize,
        limit: usize,
    ) -> Result<Page<Key>, StoreError> {
        // DynamoDB refuses an empty key: a place in a list that is read by sort key is none in an index.
        if after.is_some_and(|position| position.listing_sk.is_empty()) {
            return Err(StoreError::NotInList);
        }
        let mut start = after.map(|position| start_key(list, position));
        let mut entries: Vec<Entry> = Vec::new();
        // One more than asked for tells whether there is a next page.
        let wanted = skip + limit + 1;
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(list.index)
                .key_condition_expression("#partition = :value")
                .expression_attribute_names("#partition", list.partition)
                .expression_attribute_values(":value", text(&list.value))
                .scan_index_forward(false)
                .limit(i32::try_from(wanted - entries.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start);
            let answer = query.send().await.map_err(failed("Query", &list.value))?;
            let found = from_items::<Entry>(answer.items.unwrap_or_default())?;
            let wanted_ones = found
                .into_iter()
                .filter(|entry| list.holding.as_ref().is_none_or(|part| entry.listing_sk.contains(part)));
            entries.extend(wanted_ones);
            start = answer.last_evaluated_key;
            if start.is_none() || entries.len() >= wanted {
                break;
            }
        }
        let more = entries.len() >= wanted;
        let mut kept: Vec<Entry> = entries.into_iter().skip(skip).take(limit).collect();
        let next = match kept.last_mut() {
            Some(last) if more => {
                Some(Position { pk: last.pk.clone(), sk: last.sk.clone(), listing_sk: last.listing_sk.clone() })
            }
            _ => None,
        };
        Ok(Page { items: kept.into_iter().map(|entry| Key { pk: entry.pk, sk: entry.sk }).collect(), next })
    }

    /// Up to `limit` items of the partition `pk` whose sort keys begin with `prefix`, behind `after`, by sort key.
    pub(super) async fn page_of_items<T: DeserializeOwned>(
        &self,
        pk: String,
        prefix: &str,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<T>, StoreError> {
        // DynamoDB refuses to begin outside of what is asked for.
        if after.is_some_and(|position| !position.sk.starts_with(prefix)) {
            return Err(StoreError::NotInList);
        }
        let start = after.map(|position| Key { pk: pk.clone(), sk: position.sk.clone() }.into_item());
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(&pk))
            .expression_attribute_values(":prefix", text(prefix))
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start);
        let answer = query.send().await.map_err(failed("Query", pk))?;
        let mut items = answer.items.unwrap_or_default();
        // A page of DynamoDB may also end because it is large.
        let more = answer.last_evaluated_key.is_some() || items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more).cloned().map(from_item::<Key>).transpose()?;
        let next = last.map(|Key { pk, sk }| Position { pk, sk, listing_sk: String::new() });
        Ok(Page { items: from_items(items)?, next })
    }

    /// Reads the items of `keys`, in that order; what was deleted meanwhile is left out.
    pub(super) async fn read_all<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<T>, StoreError> {
        let items = self.read_items(keys, false).await?;
        items.into_iter().flatten().map(from_item).collect()
    }

    /// Reads the item of each of `keys`, a hundred in a call.
    pub(super) async fn read_items(&self, keys: &[Key], consistent: bool) -> Result<Vec<Option<Item>>, StoreError> {
        let mut found: HashMap<(String, String), Item> = HashMap::new();
        for chunk in keys.chunks(100) {
            let mut wanted: Vec<Item> = chunk.iter().cloned().map(Key::into_item).collect();
            while !wanted.is_empty() {
                let request = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(consistent).build();
                let call = || Call { operation: "BatchGetItem", key: chunk[0].to_string() };
                let request = request.map_err(|error| StoreError::Refused { call: call(), source: Box::new(error) })?;
                let get = self.client.batch_get_item().request_items(&self.table, request);
                let answer = get.send().await.map_err(failed("BatchGetItem", &chunk[0]))?;
                for item in answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default() {
                    if let (Some(AttributeValue::S(pk)), Some(AttributeValue::S(sk))) = (item.get("pk"), item.get("sk"))
                    {
                        found.insert((pk.clone(), sk.clone()), item);
                    }
                }
                let rest = answer.unprocessed_keys.unwrap_or_default().remove(&self.table);
                wanted = rest.map(|rest| rest.keys).unwrap_or_default();
            }
        }
        Ok(keys.iter().map(|key| found.remove(&(key.pk.clone(), key.sk.clone()))).collect())
    }
}

fn start_key(list: &List<'_>, position: &Position) -> Item {
    HashMap::from([
        ("pk".to_owned(), text(&position.pk)),
        ("sk".to_owned(), text(&position.sk)),
        ("listing_sk".to_owned(), text(&position.listing_sk)),
        (list.partition.to_owned(), text(&list.value)),
    ])
}
