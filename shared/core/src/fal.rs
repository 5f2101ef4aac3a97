//! fal.ai: the queue API as a client, its errors as decisions, and the signature of its callbacks.
//!
//! The wire forms stay in here; everybody else speaks of [`likeness_domain::shot::Arrival`]. There is no idempotency
//! key at fal: a submit that may have arrived is never sent again from here.

mod answer;
mod error;
mod input;
mod jwks;
mod signature;
mod wire;

pub use answer::{Form, Question, Says};
pub use error::from_answer;
pub use input::{NotSendable, input};
pub use jwks::{FetchError, Jwks, JwksError};
pub use likeness_domain::fal_error::{FalError, FalErrorKind};
pub use signature::{SignatureError, SignatureHeaders, VerifyingKeys};
pub use wire::{Callback, CallbackOutcome};

use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode, header, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::{
    clients::http::http_builder,
    config::{FalConfig, Patience},
};
use likeness_domain::shot::{Delivery, FalRequest};

/// Anything but the answer to a question: what it says about the request, and how it reads.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct NoAnswer {
    /// By the table.
    pub says: Says,
    /// The error, of fal's or of our own finding.
    pub error: FalError,
}

/// Where a request stands at fal.
#[derive(Debug, Clone, PartialEq)]
pub enum FalStatus {
    /// In the queue or running.
    Unfinished,
    /// Over. Where the status names a failure this is it, and the result may say more; otherwise the result says
    /// whether it is one.
    Completed(Option<FalError>),
}

/// How long a submit may take: an answer that is lost costs a window.
const SUBMIT_TIME_OUT: Duration = Duration::from_secs(25);
/// How long a question may take: it is asked again.
const QUESTION_TIME_OUT: Duration = Duration::from_secs(10);
/// After which a connection is not used again. Peers end idle ones after a minute and more.
const IDLE_TIME_OUT: Duration = Duration::from_secs(10);

/// A client of fal's queue API.
#[derive(Debug, Clone)]
pub struct Fal {
    /// For questions, which may be repeated.
    http: Client,
    /// For submits, each over a connection of its own: one that was kept may have died while the function was frozen,
    /// and a submit over it would end as one of unknown fate.
    fresh: Client,
    base: Url,
    key: SecretString,
    patience: Patience,
    question_time_out: Duration,
}

impl Fal {
    /// A client; nothing is contacted before the first call.
    ///
    /// # Errors
    /// The machine has no usable TLS roots.
    pub fn new(config: FalConfig) -> Result<Self, reqwest::Error> {
        let builder = || http_builder().redirect(redirect::Policy::none());
        Ok(Self {
            http: builder().pool_idle_timeout(IDLE_TIME_OUT).build()?,
            fresh: builder().pool_max_idle_per_host(0).timeout(SUBMIT_TIME_OUT).build()?,
            base: config.queue_url,
            key: config.key,
            patience: config.patience,
            question_time_out: QUESTION_TIME_OUT,
        })
    }

    /// The same client, which gives fal only `time_out` for each question: for many questions in a limited time.
    #[must_use]
    pub fn asking_for(&self, time_out: Duration) -> Self {
        Self { question_time_out: time_out, ..self.clone() }
    }

    /// How long fal gets.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Submits `input` to `endpoint`; fal will call `webhook` with the outcome.
    ///
    /// # Errors
    /// Anything but a request id, by whether something may have been taken: see [`Says`].
    pub async fn submit(&self, endpoint: &str, input: &Value, webhook: &Url) -> Result<FalRequest, NoAnswer> {
        let mut url = self.at(endpoint);
        url.query_pairs_mut().append_pair("fal_webhook", webhook.as_str());
        let request = self
            .request(&self.fresh, Method::POST, url)
            .header("x-fal-request-start-timeout", self.patience.start.as_secs())
            // Another model than the one asked for is another character.
            .header("x-app-fal-disable-fallback", "true")
            .json(input);
        let heard = Heard::of(Question::Submit, request).await?;
        let accepted = heard.success().and_then(wire::accepted);
        let accepted = accepted.ok_or_else(|| heard.no_answer("its answer holds no request id", false))?;
        Ok(self.in_short(accepted.into_request(endpoint, &self.base)))
    }

    /// Asks where a request stands.
    ///
    /// # Errors
    /// Anything but a status. fal's own "not found" is a doubt, all else says nothing about the request.
    pub async fn status(&self, request: &FalRequest) -> Result<FalStatus, NoAnswer> {
        let url = self.of_request(request.status_url.as_ref(), request, "/status");
        let heard = Heard::of(Question::Status, self.question(Method::GET, url)).await?;
        let status = heard.success().and_then(|body| wire::status(body, &request.id));
        status.ok_or_else(|| heard.no_answer("fal answered a status that is none", false))
    }

    /// Fetches the outcome of a completed request; `told`: what fal has said elsewhere of its failure.
    ///
    /// # Errors
    /// Anything but images, by whether it is the request's own outcome: see [`Says`].
    pub async fn result(&self, request: &FalRequest, told: bool) -> Result<Delivery, NoAnswer> {
        let url = self.of_request(request.response_url.as_ref(), request, "");
        let heard = Heard::of(Question::Result, self.question(Method::GET, url)).await?;
        let output = heard.success().and_then(|body| serde_json::from_slice::<Value>(body).ok());
        let delivery = output.and_then(|output| wire::delivery(&request.id, &output));
        let mut delivery = delivery.ok_or_else(|| heard.no_answer("fal's result holds no images", told))?;
        delivery.billable_units = error::billable_units(&heard.headers);
        Ok(delivery)
    }

    /// Asks fal to drop a request. It may finish, and be billed, all the same.
    ///
    /// # Errors
    /// fal could not be reached or answered with a fault.
    pub async fn cancel(&self, request: &FalRequest) -> Result<(), NoAnswer> {
        let url = self.of_request(request.cancel_url.as_ref(), request, "/cancel");
        let heard = Heard::of(Question::Cancel, self.question(Method::PUT, url)).await?;
        if heard.success().is_some() {
            return Ok(());
        }
        let said = heard.no_answer("fal did not take the cancel", false);
        if said.says == Says::Answer { Ok(()) } else { Err(said) }
    }

    fn question(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        self.request(&self.http, method, url).timeout(self.question_time_out)
    }

    fn request(&self, http: &Client, method: Method, url: Url) -> reqwest::RequestBuilder {
        let mut value = header::HeaderValue::from_str(&format!("Key {}", self.key.expose_secret()))
            .unwrap_or_else(|_| panic!("a key is visible ASCII: its configuration was checked"));
        value.set_sensitive(true);
        http.request(method, url).header(header::AUTHORIZATION, value).header(header::ACCEPT, "application/json")
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

/// An answer, whole.
struct Heard {
    question: Question,
    status: StatusCode,
    headers: header::HeaderMap,
    body: Vec<u8>,
}

impl Heard {
    async fn of(question: Question, request: reqwest::RequestBuilder) -> Result<Self, NoAnswer> {
        let response = request.send().await.map_err(|error| unheard(question, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = body_of(question, response).await?;
        Ok(Self { question, status, headers, body })
    }

    /// The body of a success.
    fn success(&self) -> Option<&[u8]> {
        self.status.is_success().then_some(self.body.as_slice())
    }

    /// What it says where it is not the answer; `unreadable` describes a success that cannot be read.
    fn no_answer(&self, unreadable: &str, told: bool) -> NoAnswer {
        let status = self.status.as_u16();
        if self.status.is_success() {
            let error = FalError::new(FalErrorKind::Garbled, unreadable);
            return self.says(Form::Unreadable, told, FalError { status: Some(status), ..error });
        }
        let error = from_answer(self.status, &self.headers, &self.body);
        let form = match self.status.is_redirection() {
            true => Form::Redirect,
            false if error.is_typed() => Form::Typed(status, error.kind),
            false if wire::is_json_object(&self.body) => Form::Untyped(status),
            false => Form::Foreign(status),
        };
        self.says(form, told, error)
    }

    fn says(&self, form: Form, told: bool, error: FalError) -> NoAnswer {
        NoAnswer { says: Says::of(self.question, form, told), error }
    }
}

/// There was no answer, or not all of one.
fn unheard(question: Question, error: &reqwest::Error) -> NoAnswer {
    let form = match () {
        () if error.is_connect() || error.is_builder() => Form::NotSent,
        () if error.is_timeout() => Form::Hang,
        () => Form::Cut,
    };
    let reason = match form {
        Form::Hang => "fal did not answer in time",
        Form::Cut => "the connection to fal broke",
        Form::NotSent
        | Form::Good
        | Form::Typed(..)
        | Form::Untyped(_)
        | Form::Redirect
        | Form::Unreadable
        | Form::Foreign(_) => "fal could not be reached",
    };
    NoAnswer { says: Says::of(question, form, false), error: FalError::new(FalErrorKind::Unreachable, reason) }
}

/// The body of an answer. One without end must not end the function that reads it.
async fn body_of(question: Question, mut response: Response) -> Result<Vec<u8>, NoAnswer> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unheard(question, &error))? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            let error = FalError::new(FalErrorKind::Garbled, "fal's answer is larger than any of fal's");
            return Err(NoAnswer { says: Says::of(question, Form::Unreadable, false), error });
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
        assert_eq!((error.says, error.error.kind), (Says::Closed, FalErrorKind::Unreachable), "{error:?}");
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
        let ((), result) = tokio::join!(answer, fal.result(&request, false));
        let said = result.unwrap_err();
        assert_eq!((said.says, said.error.kind), (Says::Doubt, FalErrorKind::Garbled), "{said:?}: it is asked again");
    }

    /// Answers each connection once with `answer`, and says how many there were.
    async fn peer(answers: &'static [&'static str]) -> (Fal, tokio::task::JoinHandle<usize>) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let host = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fal = fal_at(&format!("http://{}/", host.local_addr().unwrap()));
        let serving = tokio::spawn(async move {
            let mut kept = Vec::new();
            for body in answers {
                let (mut connection, _) = host.accept().await.unwrap();
                assert!(connection.read(&mut [0; 4096]).await.unwrap() > 0);
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                connection.write_all(head.as_bytes()).await.unwrap();
                connection.write_all(body.as_bytes()).await.unwrap();
                kept.push(connection);
            }
            kept.len()
        });
        (fal, serving)
    }

    /// Each peer keeps its connection open, and would never answer a second request over it: as one that died while the
    /// function was frozen.
    #[tokio::test]
    async fn a_submit_never_goes_over_a_connection_that_was_used_before() {
        let (fal, serving) = peer(&[r#"{"request_id":"r-1"}"#, r#"{"request_id":"r-2"}"#]).await;
        let webhook = "https://likeness.example/api/webhooks/fal".parse().unwrap();
        for id in ["r-1", "r-2"] {
            let request = fal.submit("fal-ai/flux/dev", &serde_json::json!({}), &webhook).await.unwrap();
            assert_eq!(request.id, id);
        }
        assert_eq!(serving.await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_status_of_another_request_is_none() {
        let (fal, serving) = peer(&[
            r#"{"status":"COMPLETED","request_id":"r-2"}"#,
            r#"{"status":"COMPLETED","request_id":"r-1","error":"Invalid status code: 500"}"#,
        ])
        .await;
        let fal = Fal { http: fal.fresh.clone(), ..fal };
        let request = FalRequest::documented("r-1", "fal-ai/flux/dev".to_owned());
        assert_eq!(fal.status(&request).await.unwrap_err().says, Says::Nothing);
        let told = fal.status(&request).await.unwrap();
        assert!(matches!(&told, FalStatus::Completed(Some(error)) if error.kind == FalErrorKind::Internal), "{told:?}");
        serving.await.unwrap();
    }
}
