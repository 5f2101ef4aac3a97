//! Everything that is in the table, as text, so that a test can say that nothing changed.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::harness::Product;

/// Every item of the table by its key. Two that are equal hold the same, to the byte.
pub(crate) async fn whole_table(product: &Product) -> BTreeMap<String, String> {
    let env = product.stack().env();
    let table = product.table();
    let scan = table.scan().table_name(env.required("TABLE_NAME", "").unwrap());
    let items = scan.consistent_read(true).into_paginator().items().send();
    let items: Vec<HashMap<String, AttributeValue>> = items.try_collect().await.unwrap();
    assert!(!items.is_empty(), "a table without a project is no table of a test");
    items.iter().map(|item| (format!("{} {}", text(&item["pk"]), text(&item["sk"])), map(item))).collect()
}

fn map(values: &HashMap<String, AttributeValue>) -> String {
    let sorted: BTreeMap<_, _> = values.iter().map(|(name, value)| (name, text(value))).collect();
    format!("{sorted:?}")
}

fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(values) => map(values),
        AttributeValue::L(values) => format!("{:?}", values.iter().map(text).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}
