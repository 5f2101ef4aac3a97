//! What is refused.

use std::fmt::Debug;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, KeysAndAttributes},
};

use super::{Item, Target, item, n, s};

fn assert_invalid<T: Debug, E: ProvideErrorMetadata + Debug, R: Debug>(result: Result<T, SdkError<E, R>>) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"), "{error:?}");
}

impl Target {
    async fn try_put(&self, item: Item) -> Result<(), String> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map(drop).map_err(|error| error.code().unwrap().to_owned())
    }
}

#[tokio::test]
async fn a_key_is_neither_empty_nor_absent_nor_of_another_type() {
    let target = Target::start().await;
    let mut absent = item("job", "1", []);
    absent.remove("sk");
    let mut typed = item("job", "1", []);
    typed.insert("sk".to_owned(), n(1));
    for bad in [item("", "1", []), item("job", "", []), absent, typed] {
        assert_eq!(target.try_put(bad).await, Err("ValidationException".to_owned()));
    }
    target.try_put(item("job", "1", [("text", s(""))])).await.unwrap();
    target.stop().await;
}

#[tokio::test]
async fn an_index_key_is_neither_empty_nor_of_another_type() {
    let target = Target::start().await;
    for bad in [[("state", s("")), ("rank", n(1))], [("state", s("waiting")), ("rank", s("1"))]] {
        assert_eq!(target.try_put(item("job", "1", bad)).await, Err("ValidationException".to_owned()));
    }
    target.stop().await;
}

#[tokio::test]
async fn an_item_has_at_most_400_kilobytes() {
    let target = Target::start().await;
    let names = "pk".len() + "job".len() + "sk".len() + "1".len() + "filler".len();
    let filler = |bytes: usize| [("filler", s("x".repeat(bytes)))];
    target.try_put(item("job", "1", filler(400 * 1024 - names))).await.unwrap();
    assert!(target.try_put(item("job", "1", filler(400 * 1024 - names + 1))).await.is_err());
    target.stop().await;
}

#[tokio::test]
async fn an_update_may_not_make_an_item_too_large() {
    let target = Target::start().await;
    target.try_put(item("job", "1", [("filler", s("x".repeat(300 * 1024)))])).await.unwrap();
    let update = target.client.update_item().table_name(&target.table).key("pk", s("job")).key("sk", s("1"));
    let update = update.update_expression("SET more = :more");
    assert_invalid(update.expression_attribute_values(":more", s("x".repeat(200 * 1024))).send().await);
    assert!(!target.get("job", "1").await.unwrap().contains_key("more"));
    target.stop().await;
}

#[tokio::test]
async fn every_name_and_value_has_to_be_used() {
    let target = Target::start().await;
    let put = || {
        let put = target.client.put_item().table_name(&target.table).set_item(Some(item("job", "1", [])));
        put.condition_expression("attribute_not_exists(pk)")
    };
    assert_invalid(put().expression_attribute_names("#unused", "owner").send().await);
    assert_invalid(put().expression_attribute_values(":unused", n(1)).send().await);
    let undefined = target.client.put_item().table_name(&target.table).set_item(Some(item("job", "1", [])));
    assert_invalid(undefined.condition_expression("#undefined = :undefined").send().await);
    assert_eq!(target.get("job", "1").await, None);
    target.stop().await;
}

#[tokio::test]
async fn a_reserved_word_needs_a_name() {
    let target = Target::start().await;
    target.try_put(item("job", "1", [])).await.unwrap();
    let update = || target.client.update_item().table_name(&target.table).key("pk", s("job")).key("sk", s("1"));
    let value = || n(1);
    assert_invalid(
        update().update_expression("SET status = :status").expression_attribute_values(":status", value()).send().await,
    );
    let named = update().update_expression("SET #status = :status").expression_attribute_names("#status", "status");
    named.expression_attribute_values(":status", value()).send().await.unwrap();
    target.stop().await;
}

#[tokio::test]
async fn a_key_cannot_be_updated() {
    let target = Target::start().await;
    let update = target.client.update_item().table_name(&target.table).key("pk", s("job")).key("sk", s("1"));
    assert_invalid(update.update_expression("SET sk = :sk").expression_attribute_values(":sk", s("2")).send().await);
    target.stop().await;
}

#[tokio::test]
async fn an_empty_set_is_refused() {
    let target = Target::start().await;
    let empty = item("job", "1", [("tags", AttributeValue::Ss(vec![]))]);
    assert_eq!(target.try_put(empty).await, Err("ValidationException".to_owned()));
    target.stop().await;
}

#[tokio::test]
async fn a_batch_reads_100_items_and_not_101() {
    let target = Target::start().await;
    let batch = |size: usize| {
        let keys = (0..size).map(|sk| item("job", &sk.to_string(), [])).collect();
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).build().unwrap();
        target.client.batch_get_item().request_items(&target.table, keys).send()
    };
    target.try_put(item("job", "99", [])).await.unwrap();
    let found = batch(100).await.unwrap().responses.unwrap();
    assert_eq!(found[&target.table].len(), 1);
    assert_invalid(batch(101).await);
    target.stop().await;
}

#[tokio::test]
async fn a_table_that_is_not_there_is_not_found() {
    let target = Target::start().await;
    let get = target.client.get_item().table_name("conformance-nowhere").key("pk", s("job")).key("sk", s("1"));
    assert!(get.send().await.unwrap_err().into_service_error().is_resource_not_found_exception());
    target.stop().await;
}
