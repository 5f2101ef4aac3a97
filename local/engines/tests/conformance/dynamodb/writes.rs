//! Single and batch writes.

use aws_sdk_dynamodb::types::{
    AttributeValue, PutRequest, ReturnValue, ReturnValuesOnConditionCheckFailure, TimeToLiveSpecification, WriteRequest,
};
use likeness_domain::clock::Clock;

use super::{Target, item, n, s};

#[tokio::test]
async fn a_failed_conditional_put_returns_the_item_that_was_there() {
    let target = Target::start().await;
    target.put(item("job", "1", [("state", s("queued")), ("rank", n(1))])).await;
    let refused = target
        .client
        .put_item()
        .table_name(&target.table)
        .set_item(Some(item("job", "1", [])))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(failed.item.unwrap()["state"], s("queued"));
    assert_eq!(target.get("job", "1").await.unwrap()["state"], s("queued"));
    target.stop().await;
}

#[tokio::test]
async fn an_update_creates_what_is_missing_and_returns_the_new_item() {
    let target = Target::start().await;
    let updated = target
        .client
        .update_item()
        .table_name(&target.table)
        .key("pk", s("counter"))
        .key("sk", s("1"))
        .update_expression(
            "SET made = if_not_exists(made, :one), #l = list_append(if_not_exists(#l, :none), :two) ADD seen :one",
        )
        .expression_attribute_names("#l", "list")
        .expression_attribute_values(":one", n(1))
        .expression_attribute_values(":none", AttributeValue::L(vec![]))
        .expression_attribute_values(":two", AttributeValue::L(vec![n(2)]))
        .return_values(ReturnValue::AllNew)
        .send()
        .await
        .unwrap()
        .attributes
        .unwrap();
    assert_eq!(
        updated,
        item("counter", "1", [("made", n(1)), ("seen", n(1)), ("list", AttributeValue::L(vec![n(2)]))])
    );
    target.stop().await;
}

#[tokio::test]
async fn a_delete_can_be_conditional_and_returns_the_old_item() {
    let target = Target::start().await;
    target.put(item("job", "1", [("holder", s("me"))])).await;
    let delete = |holder: &str| {
        target
            .client
            .delete_item()
            .table_name(&target.table)
            .key("pk", s("job"))
            .key("sk", s("1"))
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", s(holder))
            .return_values(ReturnValue::AllOld)
            .send()
    };
    let refused = delete("you").await.unwrap_err().into_service_error();
    assert!(refused.is_conditional_check_failed_exception(), "{refused:?}");
    assert_eq!(delete("me").await.unwrap().attributes.unwrap()["holder"], s("me"));
    assert_eq!(target.get("job", "1").await, None);
    target.stop().await;
}

#[tokio::test]
async fn thirty_two_writers_lose_no_update() {
    let target = Target::start().await;
    let writers = (0..32).map(|_| {
        let (client, table) = (target.client.clone(), target.table.clone());
        tokio::spawn(async move {
            for _ in 0..10 {
                let update = client.update_item().table_name(&table).key("pk", s("counter")).key("sk", s("1"));
                let update = update.update_expression("ADD hits :one").expression_attribute_values(":one", n(1));
                update.send().await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(target.get("counter", "1").await.unwrap()["hits"], n(320));
    target.stop().await;
}

#[tokio::test]
async fn numbers_keep_thirty_eight_digits() {
    let target = Target::start().await;
    let digits = "12345678901234567890123456789012345678";
    target.put(item("number", "1", [("value", n(digits)), ("small", n("0.1"))])).await;
    let read = target.get("number", "1").await.unwrap();
    assert_eq!((&read["value"], &read["small"]), (&n(digits), &n("0.1")));
    target.stop().await;
}

#[tokio::test]
async fn a_batch_writes_25_items_and_not_26() {
    let target = Target::start().await;
    let batch = |size: usize| {
        let puts = (0..size).map(|index| put_request(&index.to_string())).collect();
        target.client.batch_write_item().request_items(&target.table, puts).send()
    };
    assert!(batch(25).await.unwrap().unprocessed_items.unwrap_or_default().is_empty());
    assert!(target.get("batch", "24").await.is_some());
    let refused = batch(26).await.unwrap_err().into_service_error();
    assert_eq!(refused.meta().code(), Some("ValidationException"));
    target.stop().await;
}

#[tokio::test]
async fn a_batch_refuses_the_same_item_twice() {
    let target = Target::start().await;
    let twice = vec![put_request("1"), put_request("1")];
    let batch = target.client.batch_write_item().request_items(&target.table, twice).send();
    let refused = batch.await.unwrap_err().into_service_error();
    assert_eq!(refused.meta().code(), Some("ValidationException"));
    assert_eq!(target.get("batch", "1").await, None);
    target.stop().await;
}

fn put_request(sk: &str) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(item("batch", sk, []))).build().unwrap();
    WriteRequest::builder().put_request(put).build()
}

/// AWS may take days, so this is a promise of the embedded engine alone.
#[tokio::test]
async fn an_expired_item_goes_away() {
    let target = Target::start().await;
    if target.engine.is_some() {
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires_at").build().unwrap();
        let enable = target.client.update_time_to_live().table_name(&target.table).time_to_live_specification(ttl);
        enable.send().await.unwrap();
        let now = Clock::system().now().as_second();
        target.put(item("event", "old", [("expires_at", n(now - 60))])).await;
        target.put(item("event", "young", [("expires_at", n(now + 3600))])).await;
        while target.get("event", "old").await.is_some() {
            tokio::task::yield_now().await;
        }
        assert!(target.get("event", "young").await.is_some());
    }
    target.stop().await;
}
