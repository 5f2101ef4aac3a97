//! AWS's own clients of a stack's engines, for what the functions do not do themselves: making things, and looking at
//! them.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use likeness_core::config::{ConfigError, Env};

use super::environment::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};

pub fn dynamodb_client(env: &Env) -> Result<aws_sdk_dynamodb::Client, ConfigError> {
    Ok(aws_sdk_dynamodb::Client::new(&at(env, "AWS_ENDPOINT_URL_DYNAMODB")?))
}

pub fn sqs_client(env: &Env) -> Result<aws_sdk_sqs::Client, ConfigError> {
    Ok(aws_sdk_sqs::Client::new(&at(env, "AWS_ENDPOINT_URL_SQS")?))
}

pub fn s3_client(env: &Env) -> Result<aws_sdk_s3::Client, ConfigError> {
    let config = aws_sdk_s3::config::Builder::from(&at(env, "R2_ENDPOINT")?);
    Ok(aws_sdk_s3::Client::from_conf(config.force_path_style(true).build()))
}

/// What a client of the engine is made of whose address is the variable `endpoint`.
fn at(env: &Env, endpoint: &str) -> Result<SdkConfig, ConfigError> {
    let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "local");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::new("us-east-1"))
        .endpoint_url(env.required(endpoint, "set by the stack")?);
    Ok(config.build())
}
