//! DynamoDB's behaviours, on a table with a sort key and a sparse index.

mod limits;
mod queries;
mod restart;
mod transactions;
mod writes;

use std::{collections::HashMap, path::Path};

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
        ProjectionType, ScalarAttributeType,
    },
};
use likeness_engines::dynamodb::DynamoDb;

use super::clients::{self, Destination};

const SWITCH: &str = "LIKENESS_CONFORMANCE_DYNAMODB";
/// Partitioned by `state`, sorted by `rank`; items without them are not in it.
const INDEX: &str = "by-state";

type Item = HashMap<String, AttributeValue>;

/// A client with a table.
struct Target {
    client: Client,
    table: String,
    /// `None`: the real service.
    engine: Option<DynamoDb>,
}

impl Target {
    async fn start() -> Self {
        let target = match Destination::aws(SWITCH) {
            Some(aws) => Self { client: aws.dynamodb(), table: clients::unique("conformance"), engine: None },
            None => Self::embedded(None).await,
        };
        target.create_table().await;
        target
    }

    /// The engine without a table, on the files in `data`.
    async fn embedded(data: Option<&Path>) -> Self {
        let engine = DynamoDb::start(clients::listener().await, data).await.unwrap();
        let client = Destination::embedded(engine.endpoint()).dynamodb();
        Self { client, table: "conformance".to_owned(), engine: Some(engine) }
    }

    async fn create_table(&self) {
        let attribute = |name: &str, kind| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
        };
        let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
        let index = GlobalSecondaryIndex::builder()
            .index_name(INDEX)
            .key_schema(key("state", KeyType::Hash))
            .key_schema(key("rank", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .unwrap();
        self.client
            .create_table()
            .table_name(&self.table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("pk", ScalarAttributeType::S))
            .attribute_definitions(attribute("sk", ScalarAttributeType::S))
            .attribute_definitions(attribute("state", ScalarAttributeType::S))
            .attribute_definitions(attribute("rank", ScalarAttributeType::N))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .global_secondary_indexes(index)
            .send()
            .await
            .unwrap();
        if self.engine.is_none() {
            use aws_sdk_dynamodb::client::Waiters;
            let wait = self.client.wait_until_table_exists().table_name(&self.table);
            wait.wait(std::time::Duration::from_secs(120)).await.unwrap();
        }
    }

    async fn put(&self, item: Item) {
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await.unwrap();
    }

    async fn get(&self, pk: &str, sk: &str) -> Option<Item> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        get.key("pk", s(pk)).key("sk", s(sk)).send().await.unwrap().item
    }

    async fn stop(self) {
        match self.engine {
            Some(engine) => engine.stop().await,
            None => drop(self.client.delete_table().table_name(&self.table).send().await.unwrap()),
        }
    }
}

fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn n(number: impl Copy + ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn item<const N: usize>(pk: &str, sk: &str, rest: [(&str, AttributeValue); N]) -> Item {
    let keys = [("pk", s(pk)), ("sk", s(sk))];
    keys.into_iter().chain(rest).map(|(name, value)| (name.to_owned(), value)).collect()
}
