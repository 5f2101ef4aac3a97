//! TransactWriteItems and TransactGetItems.

use aws_sdk_dynamodb::{
    operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput},
    types::{
        ConditionCheck, Get, Put, ReturnValuesOnConditionCheckFailure, TransactGetItem, TransactWriteItem, Update,
    },
};

use super::{Item, Target, item, n, s};

impl Target {
    fn put_new(&self, item: Item) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    }

    fn increment(&self, sk: &str) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", s("counter"))
            .key("sk", s(sk))
            .update_expression("ADD hits :one")
            .expression_attribute_values(":one", n(1));
        TransactWriteItem::builder().update(update.build().unwrap()).build()
    }

    async fn transact(
        &self,
        items: Vec<TransactWriteItem>,
        token: Option<&str>,
    ) -> Result<TransactWriteItemsOutput, TransactWriteItemsError> {
        let transaction = self.client.transact_write_items().set_transact_items(Some(items));
        let transaction = transaction.set_client_request_token(token.map(str::to_owned));
        transaction.send().await.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error)
    }
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing_and_gives_its_reasons_in_order() {
    let target = Target::start().await;
    target.put(item("job", "2", [("owner", s("me"))])).await;
    let items = vec![target.put_new(item("job", "1", [])), target.put_new(item("job", "2", [])), target.increment("1")];
    let TransactWriteItemsError::TransactionCanceledException(canceled) =
        target.transact(items, None).await.unwrap_err()
    else {
        panic!("not cancelled")
    };
    let reasons = canceled.cancellation_reasons();
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed", "None"]);
    assert_eq!(reasons[1].item().unwrap()["owner"], s("me"));
    assert_eq!(target.get("job", "1").await, None);
    assert_eq!(target.get("counter", "1").await, None);
    target.stop().await;
}

#[tokio::test]
async fn a_failed_condition_check_stops_a_transaction() {
    let target = Target::start().await;
    let check = ConditionCheck::builder()
        .table_name(&target.table)
        .key("pk", s("project"))
        .key("sk", s("1"))
        .condition_expression("attribute_exists(pk)");
    let check = TransactWriteItem::builder().condition_check(check.build().unwrap()).build();
    let guarded = || vec![check.clone(), target.put_new(item("job", "1", []))];
    assert!(target.transact(guarded(), None).await.unwrap_err().is_transaction_canceled_exception());
    assert_eq!(target.get("job", "1").await, None);
    target.put(item("project", "1", [])).await;
    target.transact(guarded(), None).await.unwrap();
    assert!(target.get("job", "1").await.is_some());
    target.stop().await;
}

#[tokio::test]
async fn a_repeated_token_does_nothing_again() {
    let target = Target::start().await;
    for _ in 0..3 {
        target.transact(vec![target.increment("1")], Some("token-1")).await.unwrap();
    }
    assert_eq!(target.get("counter", "1").await.unwrap()["hits"], n(1));
    target.transact(vec![target.increment("1")], Some("token-2")).await.unwrap();
    assert_eq!(target.get("counter", "1").await.unwrap()["hits"], n(2));
    target.stop().await;
}

#[tokio::test]
async fn a_token_with_another_transaction_is_refused() {
    let target = Target::start().await;
    target.transact(vec![target.increment("1")], Some("token")).await.unwrap();
    let refused = target.transact(vec![target.increment("2")], Some("token")).await.unwrap_err();
    assert!(refused.is_idempotent_parameter_mismatch_exception(), "{refused:?}");
    assert_eq!(target.get("counter", "2").await, None);
    target.stop().await;
}

#[tokio::test]
async fn an_item_may_appear_only_once_in_a_transaction() {
    let target = Target::start().await;
    let refused = target.transact(vec![target.increment("1"), target.increment("1")], None).await.unwrap_err();
    assert_eq!(refused.meta().code(), Some("ValidationException"));
    assert_eq!(target.get("counter", "1").await, None);
    target.stop().await;
}

#[tokio::test]
async fn a_transaction_takes_100_items_and_not_101() {
    let target = Target::start().await;
    let items = |count: usize| (0..count).map(|sk| target.increment(&sk.to_string())).collect();
    target.transact(items(100), None).await.unwrap();
    let refused = target.transact(items(101), None).await.unwrap_err();
    assert_eq!(refused.meta().code(), Some("ValidationException"));
    assert_eq!(target.get("counter", "99").await.unwrap()["hits"], n(1));
    target.stop().await;
}

#[tokio::test]
async fn a_transaction_of_reads_answers_in_order_with_gaps() {
    let target = Target::start().await;
    target.put(item("job", "1", [])).await;
    target.put(item("job", "3", [])).await;
    let get = |sk: &str| {
        let get = Get::builder().table_name(&target.table).key("pk", s("job")).key("sk", s(sk));
        TransactGetItem::builder().get(get.build().unwrap()).build()
    };
    let reads = vec![get("3"), get("2"), get("1")];
    let answer = target.client.transact_get_items().set_transact_items(Some(reads)).send().await.unwrap();
    let found = answer.responses().iter().map(|response| response.item().map(|item| item["sk"].clone()));
    assert_eq!(found.collect::<Vec<_>>(), [Some(s("3")), None, Some(s("1"))]);
    target.stop().await;
}

#[tokio::test]
async fn transactions_on_the_same_items_lose_no_update() {
    let target = Target::start().await;
    // The real service answers TransactionConflict and the SDK repeats; either way none may be lost.
    let writers = (0..8).map(|_| {
        let (client, items) = (target.client.clone(), vec![target.increment("1"), target.increment("2")]);
        tokio::spawn(async move {
            loop {
                let sent = client.transact_write_items().set_transact_items(Some(items.clone())).send().await;
                match sent.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
                    Ok(_) => break,
                    Err(error) => assert!(error.is_transaction_canceled_exception(), "{error:?}"),
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    for sk in ["1", "2"] {
        assert_eq!(target.get("counter", sk).await.unwrap()["hits"], n(8));
    }
    target.stop().await;
}
