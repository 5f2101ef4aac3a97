//! Transactions: several conditional writes, all or none.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    },
};

use super::{
    Call, Item, Saved, Store, StoreError,
    condition::{Condition, Record, Refused},
    error::{failed, key_of},
    layout::Key,
};

/// How often a transaction is tried against others that touch the same items at the same moment.
const TRIES: u32 = 16;

/// What became of a transaction.
#[derive(Debug)]
#[must_use]
pub(super) enum Outcome {
    /// Everything was written.
    Committed,
    /// Nothing was: of the conditions that failed, the first in the order of the writes.
    Refused(Refused),
}

/// Writes in order: where several conditions fail, the first is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Transaction(Vec<Write>);

#[derive(Debug, Clone)]
struct Write {
    key: String,
    item: TransactWriteItem,
    condition: Option<Condition>,
}

impl Transaction {
    /// Writes `item` over whatever is there.
    pub(super) fn put(&mut self, item: Item) {
        self.put_as(item, None);
    }

    /// Writes `item` if `condition` holds.
    pub(super) fn put_if(&mut self, item: Item, condition: Condition) {
        self.put_as(item, Some(condition));
    }

    /// Writes a record that must not exist.
    pub(super) fn create(&mut self, record: Record, item: Item) {
        self.put_if(item, Condition::New(record));
    }

    /// Writes a record that must still have the revision `seen`.
    pub(super) fn replace(&mut self, record: Record, item: Item, seen: u64) {
        self.put_if(item, Condition::Unchanged(record, seen));
    }

    /// Changes the item, or makes it.
    pub(super) fn update(&mut self, key: Key, expression: &str, values: &[(&str, AttributeValue)]) {
        self.update_as(key, expression, None, values);
    }

    /// Changes the item if `condition` holds.
    pub(super) fn update_if(
        &mut self,
        key: Key,
        expression: &str,
        condition: Condition,
        values: &[(&str, AttributeValue)],
    ) {
        self.update_as(key, expression, Some(condition), values);
    }

    /// Changes the item as `update` says; what that demands are limits.
    pub(super) fn apply(&mut self, key: Key, update: super::update::Update) {
        let named = key.to_string();
        let condition = update.condition();
        let write = Update::builder()
            .table_name(TABLE)
            .set_key(Some(key.into_item()))
            .update_expression(update.expression())
            .set_condition_expression(condition.clone())
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values).filter(|values| !values.is_empty()));
        let item = TransactWriteItem::builder().update(required(write.build())).build();
        self.0.push(Write { key: named, item, condition: condition.map(|_| Condition::WithinLimits) });
    }

    /// Changes the item as `update` says, which demands nothing itself, if `condition` holds.
    pub(super) fn apply_if(&mut self, key: Key, update: super::update::Update, condition: Condition) {
        let named = key.to_string();
        let values = condition.values().into_iter().map(|(name, value)| (name.to_owned(), value));
        let write = Update::builder()
            .table_name(TABLE)
            .set_key(Some(key.into_item()))
            .update_expression(update.expression())
            .set_condition_expression(condition.expression().map(str::to_owned))
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values.into_iter().chain(values).collect()));
        let item = TransactWriteItem::builder().update(required(write.build())).build();
        self.0.push(Write { key: named, item, condition: Some(condition) });
    }

    /// Removes an item; removing none changes nothing.
    pub(super) fn delete(&mut self, key: Key) {
        let named = key.to_string();
        let delete = Delete::builder().table_name(TABLE).set_key(Some(key.into_item()));
        let item = TransactWriteItem::builder().delete(required(delete.build())).build();
        self.0.push(Write { key: named, item, condition: None });
    }

    /// Writes what `other` writes too.
    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn put_as(&mut self, item: Item, condition: Option<Condition>) {
        let key = key_of(&item);
        let mut put = Put::builder()
            .table_name(TABLE)
            .set_item(Some(item))
            .set_condition_expression(condition.and_then(Condition::expression).map(str::to_owned))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (name, value) in condition.into_iter().flat_map(Condition::values) {
            put = put.expression_attribute_values(name, value);
        }
        let item = TransactWriteItem::builder().put(required(put.build())).build();
        self.0.push(Write { key, item, condition });
    }

    fn update_as(
        &mut self,
        key: Key,
        expression: &str,
        condition: Option<Condition>,
        values: &[(&str, AttributeValue)],
    ) {
        let named = key.to_string();
        let mut update = Update::builder()
            .table_name(TABLE)
            .set_key(Some(key.into_item()))
            .update_expression(expression)
            .set_condition_expression(condition.and_then(Condition::expression).map(str::to_owned))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (name, value) in condition.into_iter().flat_map(Condition::values) {
            update = update.expression_attribute_values(name, value);
        }
        for (name, value) in values {
            update = update.expression_attribute_values(*name, value.clone());
        }
        let item = TransactWriteItem::builder().update(required(update.build())).build();
        self.0.push(Write { key: named, item, condition });
    }

    fn for_table(self, table: &str) -> (Vec<TransactWriteItem>, Vec<Option<Condition>>) {
        let writes = self.0.into_iter().map(|Write { mut item, condition, .. }| {
            if let Some(put) = item.put.as_mut() {
                table.clone_into(&mut put.table_name);
            }
            if let Some(update) = item.update.as_mut() {
                table.clone_into(&mut update.table_name);
            }
            if let Some(delete) = item.delete.as_mut() {
                table.clone_into(&mut delete.table_name);
            }
            (item, condition)
        });
        writes.unzip()
    }
}

/// Stands for the table's name until the transaction is committed.
const TABLE: &str = "table";

/// The builders fail only for fields that are all set right above.
fn required<T, E: std::fmt::Debug>(built: Result<T, E>) -> T {
    built.unwrap_or_else(|error| panic!("every required field is set: {error:?}"))
}

impl Store {
    /// Commits, trying again while others are at the same items. A condition that failed is answered at once.
    pub(super) async fn commit(&self, transaction: Transaction) -> Result<Outcome, StoreError> {
        // The first is what it is about; the others follow from that.
        let key = transaction.0.first().map_or_else(String::new, |write| write.key.clone());
        let (items, conditions) = transaction.for_table(&self.table);
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
                _ => return Err(failed("TransactWriteItems", key)(error)),
            };
            let passing = is_passing(&reasons);
            if let Some(refused) = first_refused(reasons, &conditions) {
                return Ok(Outcome::Refused(refused));
            }
            if !passing {
                let call = Call { operation: "TransactWriteItems", key };
                return Err(StoreError::Refused { call, source: Box::new(error) });
            }
            if tried >= TRIES {
                return Err(failed("TransactWriteItems", key)(error));
            }
            self.step_aside(tried).await;
        }
    }

    /// Commits what only races can refuse.
    pub(super) async fn saved(&self, transaction: Transaction) -> Result<Saved, StoreError> {
        match self.commit(transaction).await? {
            Outcome::Committed => Ok(Saved::Yes),
            Outcome::Refused(refused) => saved_unless(refused.condition),
        }
    }

    /// A short pause of random length, longer with each try.
    pub(super) async fn step_aside(&self, tried: u32) {
        let ceiling = 20_u64 << tried.min(5);
        tokio::time::sleep(Duration::from_millis(self.rng.range(1..=ceiling))).await;
    }
}

/// What a failed condition means where nothing but a race is expected.
pub(super) fn saved_unless(condition: Condition) -> Result<Saved, StoreError> {
    if condition.is_race() { Ok(Saved::Conflict) } else { Err(StoreError::Condition(format!("{condition:?}"))) }
}

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code.as_deref() == Some(code)
}

/// Whether the same writes may go well in a moment.
fn is_passing(reasons: &[CancellationReason]) -> bool {
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    reasons.iter().any(|reason| passing.iter().any(|code| is(reason, code)))
}

/// The first condition that failed; `reasons` has one entry for each write.
fn first_refused(reasons: Vec<CancellationReason>, conditions: &[Option<Condition>]) -> Option<Refused> {
    let failed = reasons.into_iter().zip(conditions).find(|(reason, _)| is(reason, "ConditionalCheckFailed"));
    let (reason, condition) = failed?;
    Some(Refused { condition: (*condition)?, item: reason.item.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::{number, text};

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        let item = |code: &str| Item::from([("was".to_owned(), text(code))]);
        codes.iter().map(|code| CancellationReason::builder().code(*code).set_item(Some(item(code))).build()).collect()
    }

    #[test]
    fn the_first_condition_that_failed_is_told_with_the_item_that_stood_there() {
        let unchanged = Condition::Unchanged(Record::Shot, 3);
        let ours = Condition::SlotIsOurs { shot: "01jd0000000000000000000000-0".parse().unwrap(), attempt: 1 };
        let conditions = [None, Some(unchanged), Some(ours)];
        let refused = |codes: &[&str]| first_refused(reasons(codes), &conditions).map(|refused| refused.condition);
        assert_eq!(refused(&["None", "None", "ConditionalCheckFailed"]), Some(ours));
        assert_eq!(refused(&["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]), Some(unchanged));
        assert_eq!(refused(&["TransactionConflict", "ConditionalCheckFailed", "None"]), Some(unchanged));
        assert_eq!(refused(&["TransactionConflict", "None", "None"]), None);
        let refused = first_refused(reasons(&["None", "ConditionalCheckFailed", "None"]), &conditions).unwrap();
        assert_eq!(refused.item["was"], text("ConditionalCheckFailed"));
    }

    #[test]
    fn only_a_race_is_decided_anew() {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let shot = "01jd0000000000000000000000-0".parse().unwrap();
        for race in [Condition::New(Record::Subject), Condition::Unchanged(Record::Job, 1)] {
            assert_eq!(saved_unless(race).unwrap(), Saved::Conflict);
        }
        let facts = [
            Condition::KeyIsFree { now },
            Condition::SlotIsFree { now },
            Condition::SlotIsOurs { shot, attempt: 1 },
            Condition::NothingStops { now },
            Condition::ProjectExists,
            Condition::AnotherOwner,
        ];
        for fact in facts {
            assert!(matches!(saved_unless(fact), Err(StoreError::Condition(_))), "{fact:?}");
        }
    }

    #[test]
    fn every_value_that_an_expression_names_is_given() {
        let mut transaction = Transaction::default();
        transaction.update_if(
            crate::store::layout::stop(),
            "SET held = :held",
            Condition::Unchanged(Record::Rate, 7),
            &[(":held", number(1))],
        );
        let (items, conditions) = transaction.for_table("likeness");
        let update = items[0].update().unwrap();
        assert_eq!((update.table_name(), update.condition_expression()), ("likeness", Some("revision = :seen")));
        let values = update.expression_attribute_values().unwrap();
        assert_eq!((&values[":seen"], &values[":held"]), (&number(7), &number(1)));
        assert_eq!(conditions, [Some(Condition::Unchanged(Record::Rate, 7))]);
    }
}
