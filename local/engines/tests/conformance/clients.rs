//! SDK clients for an engine in this process, or for the real service.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::{
    Builder,
    tls::{self, rustls_provider::CryptoMode},
};
use jiff::Timestamp;
use likeness_domain::{clock::Clock, rng::Rng};
use tokio::net::TcpListener;

/// Where a client goes, and as whom.
pub(crate) struct Destination {
    /// `None`: where the SDK thinks that the service is.
    pub(super) endpoint: Option<String>,
    pub(super) region: String,
    pub(super) credentials: Credentials,
}

impl Destination {
    pub(crate) fn embedded(endpoint: String) -> Self {
        let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "conformance");
        Self { endpoint: Some(endpoint), region: "us-east-1".to_owned(), credentials }
    }

    /// AWS, if `switch` is set in the environment.
    pub(super) fn aws(switch: &str) -> Option<Self> {
        variable(switch)?;
        let credentials = Credentials::new(
            variable("AWS_ACCESS_KEY_ID").expect("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY").expect("AWS_SECRET_ACCESS_KEY"),
            variable("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        Some(Self { endpoint: None, region: variable("AWS_REGION").expect("AWS_REGION"), credentials })
    }

    pub(crate) fn dynamodb(self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http_client(self.endpoint.as_deref()))
            .region(Region::new(self.region))
            .credentials_provider(self.credentials);
        config.set_endpoint_url(self.endpoint);
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    pub(crate) fn sqs(self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http_client(self.endpoint.as_deref()))
            .region(Region::new(self.region))
            .credentials_provider(self.credentials);
        config.set_endpoint_url(self.endpoint);
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// The configuration, still open for changes.
    pub(super) fn s3(self) -> aws_sdk_s3::config::Builder {
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http_client(self.endpoint.as_deref()))
            .region(Region::new(self.region))
            .credentials_provider(self.credentials)
            .force_path_style(true);
        config.set_endpoint_url(self.endpoint);
        config
    }
}

pub(super) const ACCESS_KEY_ID: &str = "conformance";
pub(super) const SECRET_ACCESS_KEY: &str = "conformance-secret";

fn http_client(endpoint: Option<&str>) -> SharedHttpClient {
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        return Builder::new().build_http();
    }
    Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// A listener on a free port of loopback.
pub(super) async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

/// A name that was not used before.
pub(super) fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", hex::encode(Rng::from_os().bytes::<8>()))
}

/// A clock that stands still until a test moves it.
#[derive(Clone, Default)]
pub(super) struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub(super) fn at_noon() -> Self {
        Self(Arc::new(AtomicI64::new(1_790_000_000_000)))
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(super) fn clock(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || Timestamp::from_millisecond(clock.0.load(Ordering::SeqCst)).expect("a time"))
    }
}

/// Copies an engine's files while it runs: what `kill -9` would leave behind, write-ahead log and all.
pub(super) fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the data directory") {
        let entry = entry.expect("a file");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of the suite that reads the environment")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
