//! Table, queues and bucket, as `template.yaml` declares them for AWS.

use aws_sdk_dynamodb::{
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType, TimeToLiveSpecification,
    },
};
use aws_sdk_sqs::types::QueueAttributeName;
use likeness_core::config::{ConfigError, Env};
use likeness_domain::lane::Lane;

use super::clients::{dynamodb_client, sqs_client};
use likeness_engines::{EngineError, s3::S3};

pub(super) const TABLE: &str = "likeness";
pub(super) const BUCKET: &str = "likeness-images";

/// Every queue: the variable that holds its URL, and its name.
pub(super) fn queues() -> impl Iterator<Item = (&'static str, String)> {
    let lanes = Lane::ALL.map(|lane| (lane.variable(), lane.name()));
    let all = lanes.into_iter().chain([("INGEST_QUEUE_URL", "ingest")]);
    all.map(|(variable, name)| (variable, format!("likeness-{name}")))
}

/// How often a message is delivered before it goes to the dead-letter queue.
const RECEIVES: u32 = 5;
/// For how long a message that is worked on is hidden from others.
const HIDDEN_SECONDS: u32 = 30;

/// The indexes with their partition and sort attributes.
const INDEXES: [(&str, &str, &str); 4] = [
    ("work", "work_pk", "work_sk"),
    ("listing", "listing_pk", "listing_sk"),
    ("listing_by_subject", "by_subject_pk", "listing_sk"),
    ("listing_by_type", "by_type_pk", "listing_sk"),
];

/// A resource that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    #[error("the table could not be made")]
    Table(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a queue could not be made")]
    Queue(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the bucket could not be made")]
    Bucket(#[from] EngineError),
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Makes what is not there yet.
pub(super) async fn create(env: &Env, s3: &S3) -> Result<(), ResourceError> {
    create_table(env).await?;
    let sqs = sqs_client(env)?;
    for (_, queue) in queues() {
        create_queue(&sqs, &queue).await.map_err(ResourceError::Queue)?;
    }
    s3.create_public_bucket(BUCKET).await?;
    Ok(())
}

async fn create_table(env: &Env) -> Result<(), ResourceError> {
    let client = dynamodb_client(env)?;
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| ResourceError::Table(error);
    let mut table = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(schema("pk", "sk")));
    let mut attributes = vec!["pk", "sk"];
    for (name, hash, range) in INDEXES {
        let index = GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(schema(hash, range)))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .map_err(|error| failed(Box::new(error)))?;
        table = table.global_secondary_indexes(index);
        attributes.extend([hash, range]);
    }
    attributes.sort_unstable();
    attributes.dedup();
    for name in attributes {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(|error| failed(Box::new(error)))?;
        table = table.attribute_definitions(attribute);
    }
    match table.send().await {
        Ok(_) => {}
        Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {
            return Ok(());
        }
        Err(error) => return Err(failed(Box::new(error))),
    }
    let expiry = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(true).build();
    let expiry = expiry.map_err(|error| failed(Box::new(error)))?;
    let update = client.update_time_to_live().table_name(TABLE).time_to_live_specification(expiry);
    update.send().await.map_err(|error| failed(Box::new(error)))?;
    Ok(())
}

fn schema(hash: &str, range: &str) -> Vec<KeySchemaElement> {
    let element = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap_or_else(|error| panic!("both required fields are set: {error}"))
    };
    vec![element(hash, KeyType::Hash), element(range, KeyType::Range)]
}

async fn create_queue(
    client: &aws_sdk_sqs::Client,
    name: &str,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let dead_letters = format!("{name}-dead-letters");
    let dead_letters = client.create_queue().queue_name(dead_letters).send().await?.queue_url.unwrap_or_default();
    let attributes =
        client.get_queue_attributes().queue_url(dead_letters).attribute_names(QueueAttributeName::QueueArn);
    let attributes = attributes.send().await?.attributes.unwrap_or_default();
    let arn = attributes.get(&QueueAttributeName::QueueArn).cloned().unwrap_or_default();
    let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES }).to_string();
    client
        .create_queue()
        .queue_name(name)
        .attributes(QueueAttributeName::RedrivePolicy, redrive)
        .attributes(QueueAttributeName::VisibilityTimeout, HIDDEN_SECONDS.to_string())
        .send()
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_declares_the_same_keys() {
        let template = include_str!("../../../template.yaml");
        let after = |from: &str| template.split_once(from).unwrap_or_else(|| panic!("no {from}")).1;
        for (name, hash, range) in INDEXES {
            let index: String = after(&format!("IndexName: {name}\n")).lines().take(4).collect();
            assert!(index.contains(&format!("AttributeName: {hash}, KeyType: HASH")), "{index}");
            assert!(index.contains(&format!("AttributeName: {range}, KeyType: RANGE")), "{index}");
        }
        assert_eq!(template.matches("IndexName:").count(), INDEXES.len());
        assert!(template.contains("AttributeName: expires_at, Enabled: true"));
    }
}
