//! The embedded engine and its files.

use super::{INDEX, Target, item, n, s};
use crate::clients;

#[tokio::test]
async fn data_survive_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let target = Target::embedded(Some(data.path())).await;
    target.create_table().await;
    target.put(item("job", "1", [("state", s("queued")), ("rank", n(1))])).await;
    target.stop().await;

    assert_item_is_there(Target::embedded(Some(data.path())).await).await;
}

#[tokio::test]
async fn data_survive_a_kill() {
    let (data, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = Target::embedded(Some(data.path())).await;
    target.create_table().await;
    target.put(item("job", "1", [("state", s("queued")), ("rank", n(1))])).await;
    clients::copy_files(data.path(), left.path());
    target.stop().await;

    assert_item_is_there(Target::embedded(Some(left.path())).await).await;
}

async fn assert_item_is_there(target: Target) {
    assert_eq!(target.get("job", "1").await.unwrap()["state"], s("queued"));
    let indexed = target.client.query().table_name(&target.table).index_name(INDEX);
    let indexed = indexed.key_condition_expression("#s = :s").expression_attribute_names("#s", "state");
    assert_eq!(indexed.expression_attribute_values(":s", s("queued")).send().await.unwrap().count(), 1);
    target.stop().await;
}
