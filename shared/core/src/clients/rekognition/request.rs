//! CompareFaces in AWS's JSON protocol 1.1, signed with Signature Version 4.
//! <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_CompareFaces.html>

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningError, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    StatusCode, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use crate::config::AwsConfig;

const TARGET: &str = "RekognitionService.CompareFaces";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotCompared {
    #[error("Rekognition answered {status} {kind}")]
    Refused { status: StatusCode, kind: String },
    #[error("no answer of Rekognition")]
    Unreachable(#[from] reqwest::Error),
    #[error("an answer of Rekognition that cannot be read")]
    Unreadable(#[source] serde_json::Error),
    #[error("the request cannot be signed")]
    NotSigned(#[from] SigningError),
    #[error("the region or the endpoint makes no address")]
    NoAddress,
}

impl NotCompared {
    /// The same request may be answered soon.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Refused { status, kind } => status.is_server_error() || is_throttling(kind),
            Self::Unreachable(_) => true,
            Self::Unreadable(_) | Self::NotSigned(_) | Self::NoAddress => false,
        }
    }

    /// For the report.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Refused { kind, .. } => match kind.as_str() {
                "AccessDeniedException" | "UnrecognizedClientException" => "this function may not use Rekognition",
                // It has no name of its own for this.
                "InvalidParameterException" => "no face was found in the reference",
                kind if is_throttling(kind) => "Rekognition had too many requests",
                _ => "Rekognition refused the pictures",
            },
            Self::Unreachable(_) | Self::Unreadable(_) | Self::NotSigned(_) | Self::NoAddress => {
                "Rekognition did not answer"
            }
        }
    }
}

fn is_throttling(kind: &str) -> bool {
    matches!(kind, "ThrottlingException" | "ProvisionedThroughputExceededException")
}

/// The pictures, and that every face is to be listed, however unlike, so that the report has a figure.
pub(super) fn body(reference: &[u8], picture: &[u8]) -> Bytes {
    let image = |bytes: &[u8]| json!({ "Bytes": STANDARD.encode(bytes) });
    let body = json!({
        "SourceImage": image(reference),
        "TargetImage": image(picture),
        "SimilarityThreshold": 0.0,
        "QualityFilter": "AUTO",
    });
    body.to_string().into()
}

/// Where a request goes, and its headers.
pub(super) struct Signed {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
}

pub(super) fn signed(config: &AwsConfig, body: &[u8], now: Timestamp) -> Result<Signed, NotCompared> {
    let url = address(config).ok_or(NotCompared::NoAddress)?;
    let token = config.session_token.as_ref().map(|token| token.expose_secret().to_owned());
    let secret = config.secret_access_key.expose_secret();
    let identity: Identity = Credentials::new(&config.access_key_id, secret, token, None, "environment").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&config.region)
        .name("rekognition")
        .time(SystemTime::from(now))
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| NotCompared::NoAddress)?
        .into();
    let plain = [("content-type", CONTENT_TYPE), ("x-amz-target", TARGET)];
    let request = SignableRequest::new("POST", url.as_str(), plain.into_iter(), SignableBody::Bytes(body))?;
    let (instructions, _) = sign(request, &parameters)?.into_parts();
    let mut headers = HeaderMap::new();
    for (name, value) in plain.into_iter().chain(instructions.headers()) {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| NotCompared::NoAddress)?;
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| NotCompared::NoAddress)?);
    }
    Ok(Signed { url, headers })
}

/// The endpoint that is configured, or the region's.
fn address(config: &AwsConfig) -> Option<Url> {
    if let Some(endpoint) = &config.endpoint {
        return Some(endpoint.clone());
    }
    let suffix = if config.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://rekognition.{}.{suffix}/", config.region).parse().ok()
}

/// `x-amzn-errortype`, without the name space before it and the address behind.
pub(super) fn kind_header(headers: &HeaderMap) -> Option<String> {
    headers.get("x-amzn-errortype")?.to_str().ok().map(plain_kind)
}

pub(super) fn kind_in(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(rename = "__type", alias = "code")]
        kind: String,
    }
    serde_json::from_slice::<Refusal>(body).ok().map(|refusal| plain_kind(&refusal.kind))
}

fn plain_kind(kind: &str) -> String {
    let behind = kind.rsplit_once('#').map_or(kind, |(_, name)| name);
    behind.split(':').next().unwrap_or(behind).to_owned()
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    const PLAIN: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/rekognition/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
        Signature=e545783db5e6de5e807046069a313a1c40822699b3870085d40dc44943af8eba";
    const WITH_TOKEN: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/rekognition/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, \
        Signature=4ba00b74cb2266aed9bf1bffae96e1c7046ac7a2254b33ced0fc25dda356903d";

    fn config(region: &str, token: Option<&str>, endpoint: Option<&str>) -> AwsConfig {
        AwsConfig {
            region: region.to_owned(),
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: SecretString::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: token.map(SecretString::from),
            endpoint: endpoint.map(|url| url.parse().unwrap()),
        }
    }

    /// The expected signatures were computed apart, by the steps of AWS's guide.
    #[test]
    fn a_request_is_signed_for_its_region_and_service() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let signed = |config: &AwsConfig| super::signed(config, b"{}", now).unwrap();
        let plain = signed(&config("eu-central-1", None, None));
        assert_eq!(plain.url.as_str(), "https://rekognition.eu-central-1.amazonaws.com/");
        assert_eq!(plain.headers["x-amz-date"], "20260102T030405Z");
        assert_eq!(plain.headers["x-amz-target"], TARGET);
        assert_eq!(plain.headers["authorization"], PLAIN);
        let with_token = signed(&config("eu-central-1", Some("token"), None));
        assert_eq!(with_token.headers["x-amz-security-token"], "token");
        assert_eq!(with_token.headers["authorization"], WITH_TOKEN);
        let elsewhere = signed(&config("eu-central-1", None, Some("http://127.0.0.1:4000/")));
        assert_eq!(elsewhere.url.as_str(), "http://127.0.0.1:4000/");
        let china = signed(&config("cn-north-1", None, None));
        assert_eq!(china.url.as_str(), "https://rekognition.cn-north-1.amazonaws.com.cn/");
    }

    #[test]
    fn refusals_are_named_alike_in_every_form() {
        let of = |text: &str| kind_in(text.as_bytes());
        assert_eq!(of(r#"{"__type":"AccessDeniedException"}"#).as_deref(), Some("AccessDeniedException"));
        let long = r#"{"__type":"com.amazonaws.rekognition#ThrottlingException","Message":"slow down"}"#;
        assert_eq!(of(long).as_deref(), Some("ThrottlingException"));
        assert_eq!(of("<html>"), None);
        let mut headers = HeaderMap::new();
        let value = "InvalidParameterException:http://internal.amazon.com/coral/";
        headers.insert("x-amzn-errortype", HeaderValue::from_static(value));
        assert_eq!(kind_header(&headers).as_deref(), Some("InvalidParameterException"));
    }
}
