//! R2 through the S3 API. Keys in, keys out: URLs are made when they are read, because addresses change.

mod throttling;

use std::{collections::HashMap, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation},
    error::SdkError,
    operation::{copy_object::CopyObjectOutput, head_object::HeadObjectError},
    presigning::PresigningConfig,
    primitives::ByteStream,
};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::ExposeSecret;
use url::Url;

use self::throttling::TooManyRequests;
use crate::{clients::aws, config::BucketConfig};

/// How long a signed URL is good for, from the start of its window.
const SIGNED_FOR: SignedDuration = SignedDuration::from_mins(90);
/// How long it is the same text, so that a browser that has the picture need not fetch it again.
const SAME_FOR: SignedDuration = SignedDuration::from_mins(30);

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

/// What the bucket says of an object without sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Its size.
    pub bytes: u64,
    /// Changes with its bytes; without quotes.
    pub etag: String,
    /// As given when it was stored.
    pub content_type: Option<String>,
}

/// What was read of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    /// All of it.
    Object(Bytes),
    /// Nothing, because there would be more than was wanted.
    TooLarge,
    /// There is no such object.
    Nothing,
}

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    endpoint: Url,
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
            .retry_classifier(TooManyRequests)
            .region(Region::new("auto"))
            .endpoint_url(config.endpoint.as_str())
            .force_path_style(true)
            // R2 refuses the checksums that the SDK adds by default.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self {
            client: Client::from_conf(client),
            endpoint: config.endpoint,
            name: config.bucket,
            public: config.public,
        }
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

    /// Where a client reads `key`: the public domain's address, or a signed one where the bucket is private. That is
    /// the same text within half an hour, and good for an hour at least.
    ///
    /// # Errors
    /// The address cannot be signed.
    pub async fn url(&self, key: &str, now: Timestamp) -> Result<ObjectUrl, BucketError> {
        if let Some(public) = &self.public {
            let base = public.as_str().trim_end_matches('/');
            let url = format!("{base}/{}", utf8_percent_encode(key, PATH));
            return Ok(ObjectUrl { url, expires_at: None });
        }
        self.signed_get(key, SIGNED_FOR, SAME_FOR, now).await
    }

    /// The key that `url` is an address of, public or signed; `None` where it is none of this bucket's. The signature
    /// does not matter: a key opens nothing.
    #[must_use]
    pub fn key_of(&self, url: &str) -> Option<String> {
        let mut url: Url = url.parse().ok()?;
        url.set_query(None);
        url.set_fragment(None);
        let direct = format!("{}/{}/", self.endpoint.as_str().trim_end_matches('/'), self.name);
        let public = self.public.iter().map(|public| format!("{}/", public.as_str().trim_end_matches('/')));
        let key = public.chain([direct]).find_map(|base| Some(url.as_str().strip_prefix(&base)?.to_owned()))?;
        let key = percent_decode_str(&key).decode_utf8().ok()?.into_owned();
        (!key.is_empty()).then_some(key)
    }

    /// A signed address of `key`, also where the bucket is public. It is the same text for everybody within a `window`
    /// (fal keeps weights by the text of their address), and so good for at least `lifetime` less `window`.
    ///
    /// # Errors
    /// The address cannot be signed.
    pub async fn signed_get(
        &self,
        key: &str,
        lifetime: SignedDuration,
        window: SignedDuration,
        now: Timestamp,
    ) -> Result<ObjectUrl, BucketError> {
        let into_window = now.as_second().rem_euclid(window.as_secs().max(1));
        let start = Timestamp::from_second(now.as_second() - into_window).unwrap_or(now);
        self.sign(key, start, lifetime).await
    }

    /// Where anybody may put `key` until the address ends: just so many `bytes`, with a `Content-Type` header that says
    /// `content_type`.
    ///
    /// # Errors
    /// The address cannot be signed.
    pub async fn signed_put(
        &self,
        key: &str,
        content_type: &str,
        bytes: u64,
        lifetime: SignedDuration,
        now: Timestamp,
    ) -> Result<ObjectUrl, BucketError> {
        let put = self.client.put_object().bucket(&self.name).key(key).content_type(content_type);
        let put = put.content_length(i64::try_from(bytes).unwrap_or(i64::MAX));
        let signed = put.presigned(signing(now, lifetime)?).await.map_err(failed)?;
        Ok(ObjectUrl { url: signed.uri().to_owned(), expires_at: Some(now + lifetime) })
    }

    /// What is there under `key`; `None` where nothing is.
    ///
    /// # Errors
    /// R2 did not tell.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectHead>, BucketError> {
        match self.client.head_object().bucket(&self.name).key(key).send().await {
            Ok(head) => Ok(Some(ObjectHead {
                bytes: head.content_length.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
                etag: head.e_tag.unwrap_or_default().trim_matches('"').to_owned(),
                content_type: head.content_type,
            })),
            Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The bytes of `key`, unless they are more than `most`.
    ///
    /// # Errors
    /// R2 did not send them.
    pub async fn get(&self, key: &str, most: u64) -> Result<Got, BucketError> {
        let get = self.client.get_object().bucket(&self.name).key(key);
        let Some(got) = unless_changed(get.send().await)? else { return Ok(Got::Nothing) };
        if got.content_length.and_then(|bytes| u64::try_from(bytes).ok()).is_none_or(|bytes| bytes > most) {
            return Ok(Got::TooLarge);
        }
        let body = got.body.collect().await.map_err(|error| BucketError::Failed(Box::new(error)))?;
        Ok(Got::Object(body.into_bytes()))
    }

    /// The bytes of `key` from `from` to `to`, both included, or to its end where that comes first; `None` where it no
    /// longer has this `etag`.
    ///
    /// # Errors
    /// R2 did not send them, or there are none in that range.
    pub async fn read_range(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Option<Bytes>, BucketError> {
        let get = self.client.get_object().bucket(&self.name).key(key).range(format!("bytes={from}-{to}"));
        let Some(got) = unless_changed(get.if_match(quoted(etag)).send().await)? else { return Ok(None) };
        let body = got.body.collect().await.map_err(|error| BucketError::Failed(Box::new(error)))?;
        Ok(Some(body.into_bytes()))
    }

    /// Copies `from` to `to` and returns the copy's etag; `None`, and no copy, where it no longer has this `etag`.
    ///
    /// # Errors
    /// R2 did not copy it.
    pub async fn copy(&self, from: &str, etag: &str, to: &str) -> Result<Option<String>, BucketError> {
        let source = format!("{}/{}", self.name, utf8_percent_encode(from, PATH));
        let copy = self.client.copy_object().bucket(&self.name).key(to).copy_source(source);
        let copied = unless_changed(copy.copy_source_if_match(quoted(etag)).send().await)?;
        let etag_of = |copied: CopyObjectOutput| copied.copy_object_result?.e_tag;
        Ok(copied.map(|copied| etag_of(copied).unwrap_or_default().trim_matches('"').to_owned()))
    }

    async fn sign(&self, key: &str, start: Timestamp, lifetime: SignedDuration) -> Result<ObjectUrl, BucketError> {
        let get = self.client.get_object().bucket(&self.name).key(key);
        let signed = get.presigned(signing(start, lifetime)?).await.map_err(failed)?;
        Ok(ObjectUrl { url: signed.uri().to_owned(), expires_at: Some(start + lifetime) })
    }
}

fn signing(start: Timestamp, lifetime: SignedDuration) -> Result<PresigningConfig, BucketError> {
    let lifetime = Duration::try_from(lifetime).map_err(|error| BucketError::Failed(Box::new(error)))?;
    let config = PresigningConfig::builder().start_time(start.into()).expires_in(lifetime).build();
    config.map_err(|error| BucketError::Failed(Box::new(error)))
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// `None` where the object is another than was spoken of, or none any more.
fn unless_changed<T, E>(answer: Result<T, SdkError<E>>) -> Result<Option<T>, BucketError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.raw_response().is_some_and(|answer| matches!(answer.status().as_u16(), 404 | 412)) => {
            Ok(None)
        }
        Err(error) => Err(failed(error)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(public: Option<&str>) -> Bucket {
        Bucket::new(BucketConfig {
            endpoint: "https://a.r2.cloudflarestorage.com".parse().unwrap(),
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".into(),
            bucket: "images".to_owned(),
            public: public.map(|address| address.parse().unwrap()),
        })
    }

    #[tokio::test]
    async fn an_address_is_the_same_within_a_window_and_outlives_it() {
        let bucket = bucket(Some("https://images.example.com"));
        let [lifetime, window] = [6, 1].map(SignedDuration::from_hours);
        let at = async |now: &str| bucket.signed_get("a/b c", lifetime, window, now.parse().unwrap()).await.unwrap();
        let first = at("2026-11-21T07:00:00Z").await;
        assert_eq!(first.expires_at, Some("2026-11-21T13:00:00Z".parse().unwrap()));
        assert!(first.url.starts_with("https://a.r2.cloudflarestorage.com/images/a/b%20c?"), "{}", first.url);
        assert!(first.url.contains("X-Amz-Date=20261121T070000Z") && first.url.contains("X-Amz-Expires=21600"));
        assert_eq!(at("2026-11-21T07:59:59.999Z").await, first);
        let next = at("2026-11-21T08:00:00Z").await;
        assert_ne!(next.url, first.url);
        assert_eq!(next.expires_at, Some("2026-11-21T14:00:00Z".parse().unwrap()));
    }

    #[tokio::test]
    async fn an_address_for_a_put_is_bound_to_its_type_and_length() {
        let now = "2026-11-21T07:00:00Z".parse().unwrap();
        let hour = SignedDuration::from_hours(1);
        let put = bucket(None).signed_put("a", "application/octet-stream", 500, hour, now).await.unwrap();
        assert!(put.url.contains("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost"), "{}", put.url);
        assert_eq!(put.expires_at, Some(now + hour));
    }

    #[tokio::test]
    async fn an_address_of_ours_leads_back_to_its_key() {
        let now = "2026-11-21T07:00:00Z".parse().unwrap();
        let key = "projects/isle/a b+ü#?.png";
        for public in [None, Some("https://images.example.com"), Some("http://127.0.0.1:9000/likeness/")] {
            let bucket = bucket(public);
            let public = bucket.url(key, now).await.unwrap().url;
            let hour = SignedDuration::from_hours(1);
            let signed = bucket.signed_get(key, hour, hour, now).await.unwrap().url;
            for url in [public.clone(), format!("{public}#x"), format!("{public}?width=3"), signed] {
                assert_eq!(bucket.key_of(&url).as_deref(), Some(key), "{url}");
            }
        }
        let bucket = bucket(Some("https://images.example.com"));
        for other in [
            "https://images.example.com",
            "https://images.example.com/",
            "https://images.example.com.evil.net/a",
            "https://images.example.com@evil.net/a",
            "https://a.r2.cloudflarestorage.com/other/a",
            "https://a.r2.cloudflarestorage.com/images/../other/a",
            "http://images.example.com/a",
            "images.example.com/a",
        ] {
            assert_eq!(bucket.key_of(other), None, "{other}");
        }
    }
}
