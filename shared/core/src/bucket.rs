//! R2 through the S3 API. Keys in, keys out: URLs are made when they are read, because addresses change.

use std::{collections::HashMap, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation},
    error::SdkError,
    presigning::PresigningConfig,
    primitives::ByteStream,
};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use url::Url;

use crate::{aws, config::BucketConfig};

/// How long a signed URL is good for.
const SIGNED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What stays as it is in the path of a URL.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An object operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// R2 could not be reached or refused; the source says which.
    #[error("the bucket did not do it")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A URL of an object, and until when it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectUrl {
    /// The address.
    pub url: String,
    /// The end of a signed address; a public one does not end.
    pub expires_at: Option<Timestamp>,
}

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
    public: Option<Url>,
}

impl Bucket {
    /// A client; nothing is contacted before the first call.
    #[must_use]
    pub fn new(config: BucketConfig) -> Self {
        let secret = config.secret_access_key.expose_secret();
        let client = aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .http_client(aws::http_client())
            .credentials_provider(Credentials::new(config.access_key_id, secret, None, None, "environment"))
            .timeout_config(aws::timeouts_for_files())
            .retry_config(aws::retries())
            .region(Region::new("auto"))
            .endpoint_url(config.endpoint.as_str())
            .force_path_style(true)
            // R2 refuses the checksums that the SDK adds by default.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { client: Client::from_conf(client), name: config.bucket, public: config.public }
    }

    /// Stores `bytes` under `key`, over whatever was there.
    ///
    /// # Errors
    /// R2 did not store it.
    pub async fn put(
        &self,
        key: &str,
        content_type: &str,
        metadata: HashMap<String, String>,
        bytes: Bytes,
    ) -> Result<(), BucketError> {
        let put = self.client.put_object().bucket(&self.name).key(key).content_type(content_type);
        // Keys are derived from content, so what a key holds never changes.
        let put = put.cache_control("public, max-age=31536000, immutable").set_metadata(Some(metadata));
        put.body(ByteStream::from(bytes)).send().await.map_err(failed)?;
        Ok(())
    }

    /// Where a client reads `key`: the public domain's address, or a signed one where the bucket is private.
    ///
    /// # Errors
    /// The address cannot be signed.
    pub async fn url(&self, key: &str, now: Timestamp) -> Result<ObjectUrl, BucketError> {
        if let Some(public) = &self.public {
            let base = public.as_str().trim_end_matches('/');
            let url = format!("{base}/{}", utf8_percent_encode(key, PATH));
            return Ok(ObjectUrl { url, expires_at: None });
        }
        let lifetime = Duration::try_from(SIGNED_FOR).unwrap_or_default();
        let config = PresigningConfig::builder().start_time(now.into()).expires_in(lifetime).build();
        let config = config.map_err(|error| BucketError::Failed(Box::new(error)))?;
        let signed = self.client.get_object().bucket(&self.name).key(key).presigned(config).await.map_err(failed)?;
        Ok(ObjectUrl { url: signed.uri().to_owned(), expires_at: Some(now + SIGNED_FOR) })
    }
}

fn failed<E>(error: SdkError<E>) -> BucketError
where
    E: std::error::Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(service) => BucketError::Failed(Box::new(service.into_err())),
        SdkError::ConstructionFailure(_)
        | SdkError::TimeoutError(_)
        | SdkError::DispatchFailure(_)
        | SdkError::ResponseError(_)
        | _ => BucketError::Failed(error.to_string().into()),
    }
}
