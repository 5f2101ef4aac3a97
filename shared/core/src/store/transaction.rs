//! Transactions: several conditional writes, all or none.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, CancellationReason, Put, TransactWriteItem, Update},
};

use super::{Item, Store, StoreError, layout::Key, number};

/// Nobody created the record first: of two that create the same, one wins.
pub(super) const ABSENT: &str = "attribute_not_exists(pk)";
/// Nobody changed the record since it was read.
pub(super) const UNCHANGED: &str = "revision = :seen";

/// How often a transaction is tried against others that touch the same items at the same moment.
const TRIES: u32 = 16;

/// What became of a transaction.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything was written.
    Committed,
    /// Nothing was: for each item in order, whether its condition failed, and the item that stood there.
    Refused(Vec<Option<Item>>),
}

/// Writes in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Transaction(Vec<TransactWriteItem>);

impl Transaction {
    /// Writes `item` if `condition` holds.
    pub(super) fn put(&mut self, item: Item, condition: Option<&str>, values: &[(&str, AttributeValue)]) {
        let mut put = Put::builder().set_item(Some(item));
        if let Some(condition) = condition {
            put = put.condition_expression(condition).return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            );
        }
        for (name, value) in values {
            put = put.expression_attribute_values(*name, value.clone());
        }
        self.push(|table| TransactWriteItem::builder().put(required(put.table_name(table).build())).build());
    }

    /// Writes a record that must not exist.
    pub(super) fn create(&mut self, item: Item) {
        self.put(item, Some(ABSENT), &[]);
    }

    /// Writes a record that must still have `revision`.
    pub(super) fn replace(&mut self, item: Item, revision: u64) {
        self.put(item, Some(UNCHANGED), &[(":seen", number(revision))]);
    }

    /// Changes the item, or makes it, if `condition` holds.
    pub(super) fn update(
        &mut self,
        key: Key,
        expression: &str,
        condition: Option<&str>,
        values: &[(&str, AttributeValue)],
    ) {
        let mut update = Update::builder()
            .set_key(Some(key.into_item()))
            .update_expression(expression)
            .set_condition_expression(condition.map(str::to_owned));
        for (name, value) in values {
            update = update.expression_attribute_values(*name, value.clone());
        }
        self.push(|table| TransactWriteItem::builder().update(required(update.table_name(table).build())).build());
    }

    /// Writes what `other` writes too.
    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, write: impl FnOnce(&str) -> TransactWriteItem) {
        self.0.push(write(TABLE));
    }

    fn for_table(self, table: &str) -> Vec<TransactWriteItem> {
        let items = self.0.into_iter().map(|mut item| {
            if let Some(put) = item.put.as_mut() {
                table.clone_into(&mut put.table_name);
            }
            if let Some(update) = item.update.as_mut() {
                table.clone_into(&mut update.table_name);
            }
            item
        });
        items.collect()
    }
}

/// Stands for the table's name until the transaction is committed.
const TABLE: &str = "table";

/// The builders fail only for fields that are all set right above.
fn required<T, E: std::fmt::Debug>(built: Result<T, E>) -> T {
    built.unwrap_or_else(|error| panic!("every required field is set: {error:?}"))
}

impl Store {
    /// Commits, trying again while others are at the same items.
    pub(super) async fn commit(&self, transaction: Transaction) -> Result<Outcome, StoreError> {
        let items = transaction.for_table(&self.table);
        let mut tried = 0;
        loop {
            let write = self.client.transact_write_items().set_transact_items(Some(items.clone()));
            let Err(error) = write.send().await else { return Ok(Outcome::Committed) };
            tried += 1;
            let reasons = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    cancelled.cancellation_reasons().to_vec()
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) if tried < TRIES => {
                    self.step_aside(tried).await;
                    continue;
                }
                _ => return Err(error.into()),
            };
            let code = |reason: &CancellationReason| reason.code.clone().unwrap_or_default();
            if reasons.iter().any(|reason| code(reason) == "ConditionalCheckFailed") {
                let failed = reasons
                    .into_iter()
                    .map(|reason| (code(&reason) == "ConditionalCheckFailed").then(|| reason.item.unwrap_or_default()));
                return Ok(Outcome::Refused(failed.collect()));
            }
            let passing = reasons.iter().any(|reason| {
                matches!(
                    code(reason).as_str(),
                    "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"
                )
            });
            if !passing {
                return Err(StoreError::Refused(Box::new(error)));
            }
            if tried >= TRIES {
                return Err(error.into());
            }
            self.step_aside(tried).await;
        }
    }

    /// A short pause of random length, longer with each try.
    pub(super) async fn step_aside(&self, tried: u32) {
        let ceiling = 20_u64 << tried.min(5);
        tokio::time::sleep(Duration::from_millis(self.entropy.range(1..=ceiling))).await;
    }
}
