//! AWS's own clients of a stack's engines, for what the functions do not do themselves: making things, and looking at them.

use aws_sdk_dynamodb::config::{Credentials, Region, SharedHttpClient};
use likeness_core::config::{ConfigError, Env};

use super::environment::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};

pub(crate) fn dynamodb_client(env: &Env) -> Result<aws_sdk_dynamodb::Client, ConfigError> {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .http_client(http_client())
        .credentials_provider(credentials())
        .region(region())
        .endpoint_url(env.required("AWS_ENDPOINT_URL_DYNAMODB", FIX)?);
    Ok(aws_sdk_dynamodb::Client::from_conf(config.build()))
}

pub(crate) fn sqs_client(env: &Env) -> Result<aws_sdk_sqs::Client, ConfigError> {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version_latest()
        .http_client(http_client())
        .credentials_provider(credentials())
        .region(region())
        .endpoint_url(env.required("AWS_ENDPOINT_URL_SQS", FIX)?);
    Ok(aws_sdk_sqs::Client::from_conf(config.build()))
}

pub(crate) fn s3_client(env: &Env) -> Result<aws_sdk_s3::Client, ConfigError> {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .http_client(http_client())
        .credentials_provider(credentials())
        .region(region())
        .endpoint_url(env.required("R2_ENDPOINT", FIX)?)
        .force_path_style(true);
    Ok(aws_sdk_s3::Client::from_conf(config.build()))
}

/// Who is told to set what is missing.
const FIX: &str = "set by the stack";

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "local")
}

fn region() -> Region {
    Region::new("us-east-1")
}
