//! fal.ai: the queue API as a client, its errors as decisions, and the signature of its callbacks.
//!
//! The wire forms stay in here; everybody else speaks of [`crate::shot::Arrival`]. There is no idempotency key at fal:
//! a submit that may have arrived is never sent again from here.

mod error;
mod input;
mod jwks;
mod signature;
mod wire;

pub use error::from_answer;
pub use input::{NotSendable, input};
pub use jwks::{Jwks, JwksError};
pub use likeness_domain::fal_error::{FalError, FalErrorKind};
pub use signature::{SignatureError, SignatureHeaders, VerifyingKeys};
pub use wire::{Callback, CallbackOutcome};

use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode, header, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::{
    clients::tls,
    config::{FalConfig, Patience},
    shot::{Delivery, FalRequest},
};

/// What became of a submit that did not bring a request id.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The connection was never made: nothing was sent.
    #[error("fal could not be reached")]
    NotSent(#[source] reqwest::Error),
    /// fal answered no.
    #[error(transparent)]
    Rejected(FalError),
    /// It may have arrived. Never resend; wait for the callback or the end of the window.
    #[error("fal may have taken the request: {0}")]
    Unknown(String),
}

/// Where a request stands at fal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FalStatus {
    /// In the queue or running.
    Unfinished,
    /// Over, well or not: the result says which.
    Completed,
    /// fal does not know it, or no longer.
    NotFound,
}

/// A client of fal's queue API.
#[derive(Debug, Clone)]
pub struct Fal {
    http: Client,
    base: Url,
    key: SecretString,
    patience: Patience,
}

/// A builder of HTTP clients that trust whom all our clients trust.
pub fn http_builder() -> reqwest::ClientBuilder {
    let builder = Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .user_agent(concat!("likeness/", env!("CARGO_PKG_VERSION")));
    match tls::rustls() {
        Some(config) => builder.tls_backend_preconfigured(config),
        None => builder,
    }
}

impl Fal {
    /// A client; nothing is contacted before the first call.
    ///
    /// # Errors
    /// The machine has no usable TLS roots.
    pub fn new(config: FalConfig) -> Result<Self, reqwest::Error> {
        let http = http_builder().timeout(Duration::from_secs(25)).redirect(redirect::Policy::none()).build()?;
        Ok(Self { http, base: config.queue_url, key: config.key, patience: config.patience })
    }

    /// How long fal gets.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Submits `input` to `endpoint`; fal will call `webhook` with the outcome.
    ///
    /// # Errors
    /// See [`SubmitError`]: the three differ in whether something may have been paid for.
    pub async fn submit(&self, endpoint: &str, input: &Value, webhook: &Url) -> Result<FalRequest, SubmitError> {
        let mut url = self.at(endpoint);
        url.query_pairs_mut().append_pair("fal_webhook", webhook.as_str());
        let request = self
            .request(Method::POST, url)
            .header("x-fal-request-start-timeout", self.patience.start.as_secs())
            // Another model than the one asked for is another character.
            .header("x-app-fal-disable-fallback", "true")
            .json(input);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => return Err(SubmitError::NotSent(error)),
            Err(error) => return Err(SubmitError::Unknown(error.without_url().to_string())),
        };
        let status = response.status();
        let headers = response.headers().clone();
        let body = match body_of(response).await {
            Ok(body) => body,
            Err(error) => return Err(SubmitError::Unknown(error.reason)),
        };
        if status.is_success() {
            let accepted = wire::accepted(&body).ok_or_else(|| {
                SubmitError::Unknown(format!("its answer of {} bytes holds no request id", body.len()))
            })?;
            return Ok(self.in_short(accepted.into_request(endpoint, &self.base)));
        }
        let error = from_answer(status, &headers, &body);
        // A proxy's own page says nothing about what happened behind it.
        let of_a_proxy = status.is_server_error() && !wire::is_json_object(&body);
        // Nor does a time-out, unless it is that of our own deadline.
        let late = matches!(status.as_u16(), 408 | 502 | 504) && error.kind != FalErrorKind::StartDeadline;
        if of_a_proxy || late {
            return Err(SubmitError::Unknown(format!("the answer was {status}")));
        }
        Err(SubmitError::Rejected(error))
    }

    /// Asks where a request stands.
    ///
    /// # Errors
    /// fal could not be reached or answered with a fault; nothing is known about the request.
    pub async fn status(&self, request: &FalRequest) -> Result<FalStatus, FalError> {
        let url = self.of_request(request.status_url.as_ref(), request, "/status");
        let response = self.get(url).await?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND {
            return Ok(FalStatus::NotFound);
        }
        let headers = response.headers().clone();
        let body = body_of(response).await?;
        if !status.is_success() {
            return Err(from_answer(status, &headers, &body));
        }
        match wire::status_word(&body).as_deref() {
            Some("COMPLETED") => Ok(FalStatus::Completed),
            Some("IN_QUEUE" | "IN_PROGRESS") => Ok(FalStatus::Unfinished),
            _ => Err(FalError::new(FalErrorKind::Garbled, "fal answered a status that is none")),
        }
    }

    /// Fetches the outcome of a completed request.
    ///
    /// # Errors
    /// The model's or fal's error: for a completed request that is its outcome.
    pub async fn result(&self, request: &FalRequest) -> Result<Delivery, FalError> {
        let url = self.of_request(request.response_url.as_ref(), request, "");
        let response = self.get(url).await?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = body_of(response).await?;
        if status == StatusCode::NOT_FOUND {
            let gone = FalError::new(FalErrorKind::Garbled, "fal no longer has the result");
            return Err(FalError { status: Some(404), ..gone });
        }
        if !status.is_success() {
            return Err(from_answer(status, &headers, &body));
        }
        let garbled = || FalError::new(FalErrorKind::Garbled, "fal's result cannot be read");
        let output: Value = serde_json::from_slice(&body).map_err(|_| garbled())?;
        let mut delivery = wire::delivery(&request.id, &output).ok_or_else(garbled)?;
        delivery.billable_units = error::billable_units(&headers);
        Ok(delivery)
    }

    /// Asks fal to drop a request. It may finish, and be billed, all the same.
    ///
    /// # Errors
    /// fal could not be reached or answered with a fault.
    pub async fn cancel(&self, request: &FalRequest) -> Result<(), FalError> {
        let url = self.of_request(request.cancel_url.as_ref(), request, "/cancel");
        let response = self.request(Method::PUT, url).send().await.map_err(|error| error::unreachable(&error))?;
        let status = response.status();
        // 400: already completed. 404: nothing to cancel. The status says what became of it.
        if status.is_success() || matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND) {
            return Ok(());
        }
        let headers = response.headers().clone();
        let body = body_of(response).await?;
        Err(from_answer(status, &headers, &body))
    }

    async fn get(&self, url: Url) -> Result<Response, FalError> {
        self.request(Method::GET, url).send().await.map_err(|error| error::unreachable(&error))
    }

    fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        let mut value = header::HeaderValue::from_str(&format!("Key {}", self.key.expose_secret()))
            .unwrap_or_else(|_| panic!("a key is visible ASCII: its configuration was checked"));
        value.set_sensitive(true);
        self.http.request(method, url).header(header::AUTHORIZATION, value).header(header::ACCEPT, "application/json")
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        url
    }

    /// The address that fal gave, or the documented one where it gave none that we trust with our key.
    fn of_request(&self, given: Option<&Url>, request: &FalRequest, suffix: &str) -> Url {
        match given {
            Some(url) if url.origin() == self.base.origin() => url.clone(),
            _ => self.documented(request, suffix),
        }
    }

    fn documented(&self, request: &FalRequest, suffix: &str) -> Url {
        self.at(&format!("{}/requests/{}{suffix}", app_of(&request.endpoint), request.id))
    }

    /// Without the addresses that its id tells: it is kept with its shot, which is written often.
    fn in_short(&self, mut request: FalRequest) -> FalRequest {
        let [status, response, cancel] = ["/status", "", "/cancel"].map(|suffix| self.documented(&request, suffix));
        request.status_url.take_if(|url| *url == status);
        request.response_url.take_if(|url| *url == response);
        request.cancel_url.take_if(|url| *url == cancel);
        request
    }
}

/// The part of an endpoint id that addresses its requests: `owner/app`, three segments for workflows and comfy.
fn app_of(endpoint: &str) -> String {
    let keep = if endpoint.starts_with("workflows/") || endpoint.starts_with("comfy/") { 3 } else { 2 };
    endpoint.split('/').take(keep).collect::<Vec<_>>().join("/")
}

/// The largest answer that is read, far above any of fal's: images come as addresses.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// The body of an answer. One without end must not end the function that reads it.
async fn body_of(mut response: Response) -> Result<Vec<u8>, FalError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error::unreachable(&error))? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(FalError::new(FalErrorKind::Garbled, "fal's answer is larger than any of fal's"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fal() -> Fal {
        fal_at("http://127.0.0.1:9/queue/")
    }

    fn fal_at(url: &str) -> Fal {
        let env = [("FAL_KEY", "id:secret"), ("FAL_QUEUE_URL", url)];
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Fal::new(FalConfig::from_env(&env).unwrap()).unwrap()
    }

    #[test]
    fn requests_are_addressed_by_owner_and_app() {
        assert_eq!(app_of("fal-ai/flux-pro/kontext/max/multi"), "fal-ai/flux-pro");
        assert_eq!(app_of("workflows/acme/poster/v2"), "workflows/acme/poster");
    }

    #[test]
    fn a_foreign_address_never_gets_our_key() {
        let request = FalRequest {
            id: "r-1".to_owned(),
            endpoint: "fal-ai/flux/dev".to_owned(),
            status_url: Some("https://evil.example/status".parse().unwrap()),
            response_url: Some("http://127.0.0.1:9/queue/fal-ai/flux/requests/r-1/response".parse().unwrap()),
            cancel_url: None,
        };
        let fal = fal();
        let status = fal.of_request(request.status_url.as_ref(), &request, "/status");
        assert_eq!(status.as_str(), "http://127.0.0.1:9/queue/fal-ai/flux/requests/r-1/status");
        let response = fal.of_request(request.response_url.as_ref(), &request, "");
        assert_eq!(response.as_str(), "http://127.0.0.1:9/queue/fal-ai/flux/requests/r-1/response");
    }

    #[test]
    fn an_address_is_kept_where_it_is_not_the_documented_one() {
        let fal = fal();
        let documented = FalRequest::documented("r-1", "fal-ai/flux/dev".to_owned());
        let at = |suffix| Some(fal.documented(&documented, suffix));
        let other = at("/response");
        let given = FalRequest { status_url: at("/status"), cancel_url: at("/cancel"), ..documented.clone() };
        assert_eq!(fal.in_short(FalRequest { response_url: at(""), ..given.clone() }), documented);
        assert_eq!(fal.in_short(FalRequest { response_url: other.clone(), ..given }).response_url, other);
    }

    #[test]
    fn a_client_never_shows_its_key() {
        assert!(!format!("{:?}", fal()).contains("secret\""));
    }

    #[tokio::test]
    async fn a_refused_connection_is_known_not_to_have_been_sent() {
        let webhook = "https://likeness.example/api/webhooks/fal".parse().unwrap();
        let error = fal().submit("fal-ai/flux/dev", &serde_json::json!({}), &webhook).await.unwrap_err();
        assert!(matches!(error, SubmitError::NotSent(_)), "{error:?}");
    }

    /// It would be read for as long as the function lives.
    #[tokio::test]
    async fn an_answer_without_end_is_left() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let host = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fal = fal_at(&format!("http://{}/", host.local_addr().unwrap()));
        let answer = async {
            let (mut connection, _) = host.accept().await.unwrap();
            assert!(connection.read(&mut [0; 4096]).await.unwrap() > 0);
            let mut written = connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n[").await;
            // Until the reader leaves.
            while written.is_ok() {
                written = connection.write_all(&[b' '; 1 << 16]).await;
            }
        };
        let request = FalRequest::documented("r-1", "fal-ai/flux/dev".to_owned());
        let ((), result) = tokio::join!(answer, fal.result(&request));
        let error = result.unwrap_err();
        assert!(error.kind == FalErrorKind::Garbled && !error.is_outcome(), "{error:?}: it is asked again");
    }
}
