//! DynamoDB: one table, every access by key or index, every change conditional.
//!
//! Records that change state carry a `revision`; they are written whole, if and only if they were not written since
//! they were read. So the domain decides with pure functions, and the loser of a race leaves no trace.

mod accept_job;
mod admission;
mod cache;
mod change;
mod collections;
mod condition;
mod drifts;
mod error;
mod idempotency;
mod jobs;
mod keys;
mod layout;
mod ledger;
mod listing;
mod loras;
mod media;
mod meters;
mod overdue;
mod people;
mod projects;
mod reopen_job;
mod reports;
mod shots;
mod subjects;
mod tally;
mod transaction;
mod update;
mod versions;
mod waiting;
mod workflows;

pub use accept_job::NewJob;
pub use admission::Claim;
pub use change::{Changed, Tries};
pub use drifts::Drift;
pub use error::{Call, StoreError};
pub use idempotency::{Acceptance, Idempotency};
pub use jobs::{Cached, Finish, JobView};
pub use keys::{NewToken, Rotated};
pub use ledger::Ledger;
pub use listing::{Page, Position};
pub use media::{ImageFilter, NewMedia};
pub use meters::{Committed, CommittedOf, MeterReading, Taking};
pub use overdue::Overdue;
pub use projects::MemberChange;
pub use tally::Tally;
pub use versions::Versions;
pub use waiting::Waiting;

use std::collections::HashMap;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use serde::de::DeserializeOwned;

use self::{
    condition::{Condition, Record},
    error::{failed, from_item, if_it_held, key_of},
    transaction::Transaction,
};
use crate::{clients::aws, config::StoreConfig};
use likeness_domain::rng::Rng;

/// An item as DynamoDB has it.
type Item = HashMap<String, AttributeValue>;

/// A record as it was read, with the revision that a write must still find.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// What was read.
    pub value: T,
    pub revision: u64,
}

impl<T> Versioned<T> {
    /// `value`, which was just written over this.
    #[must_use]
    pub(crate) fn replaced_by(&self, value: T) -> Self {
        Self { value, revision: self.revision + 1 }
    }
}

/// Whether a conditional write won.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Saved {
    /// It did.
    Yes,
    /// Another write changed the record first: read it again and decide anew.
    Conflict,
}

impl Saved {
    fn from_held<T>(held: Option<&T>) -> Self {
        if held.is_some() { Self::Yes } else { Self::Conflict }
    }
}

/// The table.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    rng: Rng,
}

impl Store {
    /// A client; nothing is contacted before the first call.
    #[must_use]
    pub fn new(config: StoreConfig, rng: Rng) -> Self {
        Self { client: Client::new(&aws::sdk_config(config.aws)), table: config.table, rng }
    }

    /// Reads one item, consistently.
    async fn read<T: DeserializeOwned>(&self, key: layout::Key) -> Result<Option<T>, StoreError> {
        let named = key.to_string();
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key.into_item())).consistent_read(true);
        match get.send().await.map_err(failed("GetItem", named))?.item {
            Some(item) => Ok(Some(from_item(item)?)),
            None => Ok(None),
        }
    }

    /// Writes one item if `condition` holds.
    async fn put_if(&self, item: Item, condition: Condition) -> Result<Saved, StoreError> {
        let key = key_of(&item);
        let mut put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_condition_expression(condition.expression().map(str::to_owned));
        for (name, value) in condition.values() {
            put = put.expression_attribute_values(name, value);
        }
        Ok(Saved::from_held(if_it_held(put.send().await, "PutItem", key)?.as_ref()))
    }

    /// Writes one record over the revision that was read, with `more` or not at all.
    async fn write_over(&self, record: Record, item: Item, seen: u64, more: Transaction) -> Result<Saved, StoreError> {
        // Alone it costs half as much.
        if more.is_empty() {
            return self.put_if(item, Condition::Unchanged(record, seen)).await;
        }
        let mut transaction = Transaction::default();
        transaction.replace(record, item, seen);
        transaction.append(more);
        self.saved(transaction).await
    }

    /// Reads all items of a partition, or those whose sort key begins with `prefix`, consistently.
    async fn read_partition(&self, pk: &str, prefix: Option<&str>) -> Result<Vec<Item>, StoreError> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.expression_attribute_values(":pk", text(pk));
        // An empty prefix is no prefix: DynamoDB refuses an empty text in a key condition.
        let query = match prefix {
            None => query.key_condition_expression("pk = :pk"),
            Some(prefix) => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", text(prefix)),
        };
        query.into_paginator().items().send().try_collect().await.map_err(failed("Query", pk))
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(format!("{value}"))
}
