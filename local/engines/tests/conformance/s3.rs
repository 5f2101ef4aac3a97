//! S3's behaviours as R2 has them, and R2's public domain.

mod conditions;
mod keys;
mod listing;
mod multipart;
mod objects;
mod public;
mod restart;
mod signatures;

use std::path::Path;

use aws_sdk_s3::{
    Client,
    config::{Credentials, RequestChecksumCalculation, ResponseChecksumValidation},
    error::{ProvideErrorMetadata, SdkError},
    operation::get_object::GetObjectOutput,
    primitives::ByteStream,
};
use likeness_engines::s3::{Keys, S3};

use super::clients::{self, ACCESS_KEY_ID, Destination, ManualClock, SECRET_ACCESS_KEY, variable};

/// A client with a bucket, and a part of it that belongs to this test.
struct Target {
    client: Client,
    bucket: String,
    /// Of every key; ends with a slash.
    prefix: String,
    /// Of the public domain, without a slash at the end.
    public_url: Option<String>,
    /// `None`: the real service.
    engine: Option<S3>,
}

impl Target {
    async fn start() -> Self {
        match variable("LIKENESS_CONFORMANCE_S3_ENDPOINT") {
            Some(endpoint) => Self::real(endpoint),
            None => Self::embedded(None).await,
        }
    }

    fn real(endpoint: String) -> Self {
        let setting = |name: &str| {
            variable(&format!("LIKENESS_CONFORMANCE_S3_{name}")).unwrap_or_else(|| panic!("{name} is not set"))
        };
        let credentials =
            Credentials::new(setting("ACCESS_KEY_ID"), setting("SECRET_ACCESS_KEY"), None, None, "environment");
        let destination = Destination { endpoint: Some(endpoint), region: "auto".to_owned(), credentials };
        Self {
            client: Client::from_conf(as_r2_wants(destination)),
            bucket: setting("BUCKET"),
            prefix: format!("{}/", clients::unique("conformance")),
            public_url: variable("LIKENESS_CONFORMANCE_S3_PUBLIC_URL"),
            engine: None,
        }
    }

    /// The engine on the files in `data`.
    async fn embedded(data: Option<&Path>) -> Self {
        let keys = Keys { access_key_id: ACCESS_KEY_ID.to_owned(), secret_access_key: SECRET_ACCESS_KEY.to_owned() };
        let (listener, public) = (clients::listener().await, clients::listener().await);
        let engine = S3::start(listener, public, data, keys, ManualClock::at_noon().clock()).await.unwrap();
        engine.create_public_bucket("conformance").await.unwrap();
        Self {
            client: Client::from_conf(as_r2_wants(Destination::embedded(engine.endpoint()))),
            bucket: "conformance".to_owned(),
            prefix: "conformance/".to_owned(),
            public_url: Some(engine.public_url()),
            engine: Some(engine),
        }
    }

    /// A client as the SDK makes it by default, with checksums on everything.
    fn with_checksums(&self) -> Client {
        let config = self.client.config().to_builder();
        let config = config.request_checksum_calculation(RequestChecksumCalculation::WhenSupported);
        Client::from_conf(config.response_checksum_validation(ResponseChecksumValidation::WhenSupported).build())
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns the ETag.
    async fn put(&self, name: &str, bytes: &[u8]) -> String {
        let put = self.client.put_object().bucket(&self.bucket).key(self.key(name));
        put.body(ByteStream::from(bytes.to_vec())).send().await.unwrap().e_tag.unwrap()
    }

    async fn try_get(&self, name: &str) -> Result<GetObjectOutput, Refusal> {
        refusal(self.client.get_object().bucket(&self.bucket).key(self.key(name)).send().await)
    }

    async fn get(&self, name: &str) -> Vec<u8> {
        bytes(self.try_get(name).await.unwrap()).await
    }

    async fn stop(self) {
        match self.engine {
            Some(engine) => engine.stop().await,
            None => self.empty().await,
        }
    }

    async fn empty(&self) {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(&self.prefix);
        let mut pages = list.into_paginator().send();
        while let Some(page) = pages.next().await {
            for object in page.unwrap().contents.unwrap_or_default() {
                self.client.delete_object().bucket(&self.bucket).key(object.key.unwrap()).send().await.unwrap();
            }
        }
    }
}

/// As production does: R2 refuses checksums in trailers for some operations.
fn as_r2_wants(destination: Destination) -> aws_sdk_s3::Config {
    let config = destination.s3().request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    config.response_checksum_validation(ResponseChecksumValidation::WhenRequired).build()
}

/// The status and the code of an answer that is an error.
type Refusal = (u16, Option<String>);

fn refusal<T, E: ProvideErrorMetadata>(
    result: Result<T, SdkError<E, aws_sdk_s3::config::http::HttpResponse>>,
) -> Result<T, Refusal> {
    result.map_err(|error| {
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        (status, error.code().map(str::to_owned))
    })
}

fn refused(status: u16, code: &str) -> Refusal {
    (status, Some(code.to_owned()))
}

async fn bytes(output: GetObjectOutput) -> Vec<u8> {
    output.body.collect().await.unwrap().to_vec()
}

/// A plain HTTP client, for URLs.
fn browser() -> reqwest::Client {
    // The first test to get here installs it; for the others it is there already.
    let _: Result<(), _> = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().unwrap()
}
