//! Query, on the table and on the index.

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};

use super::{INDEX, Item, Target, item, n, s};

impl Target {
    fn by_state(&self, state: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("#state = :state")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", s(state))
    }

    /// Waits until the index, which follows the table, has `count` items in this state.
    async fn await_index(&self, state: &str, count: i32) {
        while self.by_state(state).send().await.unwrap().count() != count {
            tokio::task::yield_now().await;
        }
    }

    async fn put_waiting(&self, count: usize) {
        for rank in 0..count {
            // Written in another order than they are ranked.
            let rank = (rank * 7) % count;
            self.put(item("shot", &rank.to_string(), [("state", s("waiting")), ("rank", n(rank))])).await;
        }
        self.await_index("waiting", count as i32).await;
    }
}

fn ranks(items: &[Item]) -> Vec<&AttributeValue> {
    items.iter().map(|item| &item["rank"]).collect()
}

#[tokio::test]
async fn an_index_is_read_in_order_page_by_page() {
    let target = Target::start().await;
    target.put_waiting(10).await;
    let mut pages = target.by_state("waiting").limit(4).into_paginator().send();
    let mut sizes = Vec::new();
    let mut items = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap().items.unwrap();
        sizes.push(page.len());
        items.extend(page);
    }
    assert_eq!(sizes, [4, 4, 2]);
    assert_eq!(ranks(&items), (0..10).map(n).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    target.stop().await;
}

#[tokio::test]
async fn an_index_is_read_backwards() {
    let target = Target::start().await;
    target.put_waiting(5).await;
    let answer = target.by_state("waiting").scan_index_forward(false).limit(2).send().await.unwrap();
    assert_eq!(ranks(answer.items()), [&n(4), &n(3)]);
    assert!(answer.last_evaluated_key().unwrap().contains_key("rank"));
    target.stop().await;
}

#[tokio::test]
async fn an_index_holds_only_items_with_its_attributes() {
    let target = Target::start().await;
    target.put_waiting(2).await;
    target.put(item("shot", "plain", [])).await;
    target.put(item("shot", "half", [("state", s("waiting"))])).await;
    let remove = target.client.update_item().table_name(&target.table).key("pk", s("shot")).key("sk", s("0"));
    let remove = remove.update_expression("REMOVE #state").expression_attribute_names("#state", "state");
    remove.send().await.unwrap();
    target.await_index("waiting", 1).await;
    assert_eq!(ranks(target.by_state("waiting").send().await.unwrap().items()), [&n(1)]);
    assert!(target.get("shot", "0").await.is_some());
    target.stop().await;
}

#[tokio::test]
async fn an_index_follows_a_changed_attribute() {
    let target = Target::start().await;
    target.put_waiting(1).await;
    target.put(item("shot", "0", [("state", s("stored")), ("rank", n(0))])).await;
    target.await_index("waiting", 0).await;
    target.await_index("stored", 1).await;
    target.stop().await;
}

#[tokio::test]
async fn a_page_ends_at_a_megabyte() {
    let target = Target::start().await;
    for sk in 0..7 {
        target.put(item("big", &sk.to_string(), [("filler", s("x".repeat(300 * 1024)))])).await;
    }
    let query = target.client.query().table_name(&target.table).key_condition_expression("pk = :pk");
    let mut pages = query.expression_attribute_values(":pk", s("big")).into_paginator().send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().count());
    }
    // Whether the item that passes the megabyte is still in is nothing to rely on.
    assert!(matches!(sizes[..], [3, 3, 1] | [4, 3]), "{sizes:?}");
    target.stop().await;
}

#[tokio::test]
async fn sort_keys_are_compared_byte_by_byte() {
    let target = Target::start().await;
    for sk in ["a", "a#1", "a#10", "a#2", "b", "é"] {
        target.put(item("sorted", sk, [])).await;
    }
    let query = |condition: &str| {
        let query = target.client.query().table_name(&target.table).consistent_read(true);
        query.key_condition_expression(condition).expression_attribute_values(":pk", s("sorted"))
    };
    let keys = |items: &[Item]| items.iter().map(|item| item["sk"].as_s().unwrap().clone()).collect::<Vec<_>>();
    let prefix = query("pk = :pk AND begins_with(sk, :sk)").expression_attribute_values(":sk", s("a#"));
    assert_eq!(keys(prefix.send().await.unwrap().items()), ["a#1", "a#10", "a#2"]);
    let between = query("pk = :pk AND sk BETWEEN :low AND :high");
    let between = between.expression_attribute_values(":low", s("a#2")).expression_attribute_values(":high", s("é"));
    assert_eq!(keys(between.send().await.unwrap().items()), ["a#2", "b", "é"]);
    target.stop().await;
}

#[tokio::test]
async fn a_filter_works_after_the_limit() {
    let target = Target::start().await;
    target.put_waiting(4).await;
    let filtered = target.by_state("waiting").limit(2).filter_expression("sk > :sk");
    let answer = filtered.expression_attribute_values(":sk", s("0")).send().await.unwrap();
    assert_eq!((answer.scanned_count(), answer.count()), (2, 1));
    assert!(answer.last_evaluated_key().is_some());
    target.stop().await;
}
