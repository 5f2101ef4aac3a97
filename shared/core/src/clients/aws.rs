//! What the clients of DynamoDB, SQS and S3 share: one HTTP client (and its connections), credentials, time-outs.

use std::{sync::LazyLock, time::Duration};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::{behavior_version::BehaviorVersion, http::SharedHttpClient};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use secrecy::ExposeSecret;

use crate::{clients::tls, config::AwsConfig};

static HTTP: LazyLock<SharedHttpClient> = LazyLock::new(|| {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls::aws())
        .build_https()
});

pub(crate) fn http_client() -> SharedHttpClient {
    HTTP.clone()
}

/// No call may outlive the function that makes it.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(8))
        .operation_timeout(Duration::from_secs(25))
        .build()
}

/// Files take longer than records.
pub(crate) fn timeouts_for_files() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(30))
        .operation_timeout(Duration::from_secs(75))
        .build()
}

pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3)
}

/// What a client of one of AWS's own services is made of; R2 is none.
pub(crate) fn sdk_config(config: AwsConfig) -> SdkConfig {
    let credentials = Credentials::new(
        config.access_key_id,
        config.secret_access_key.expose_secret(),
        config.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
        None,
        "environment",
    );
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .timeout_config(timeouts())
        .retry_config(retries())
        .region(Region::new(config.region));
    builder.set_endpoint_url(config.endpoint.map(String::from));
    builder.build()
}
