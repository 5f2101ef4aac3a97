//! fal's JSON, read with as little trust as possible: everything but `request_id` and `images[].url` is optional.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{FalError, FalErrorKind, error};
use crate::shot::{Delivery, FalRequest, GeneratedImage};

/// The answer to a submit.
#[derive(Deserialize)]
pub(super) struct Accepted {
    request_id: String,
    #[serde(default)]
    status_url: Option<String>,
    #[serde(default)]
    response_url: Option<String>,
    #[serde(default)]
    cancel_url: Option<String>,
}

impl Accepted {
    /// Addresses on another host than `base` are dropped: they would be sent our key.
    pub(super) fn into_request(self, endpoint: &str, base: &Url) -> FalRequest {
        let trusted = |text: Option<String>| {
            text.and_then(|text| text.parse::<Url>().ok()).filter(|url| url.origin() == base.origin())
        };
        FalRequest {
            id: self.request_id,
            endpoint: endpoint.to_owned(),
            status_url: trusted(self.status_url),
            response_url: trusted(self.response_url),
            cancel_url: trusted(self.cancel_url),
        }
    }
}

pub(super) fn accepted(body: &[u8]) -> Option<Accepted> {
    serde_json::from_slice(body).ok().filter(|accepted: &Accepted| is_request_id(&accepted.request_id))
}

/// A request id stands in paths: letters, digits and hyphens only.
fn is_request_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

pub(super) fn is_json_object(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|value| value.is_object())
}

pub(super) fn status_word(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value["status"].as_str().map(str::to_owned)
}

/// More images than any endpoint makes of one request.
const MOST_IMAGES: usize = 10;

/// An address, not the image itself: `data:` URLs come only where they were asked for, and would not fit into a record.
fn is_address(url: &str) -> bool {
    url.len() <= 2048 && (url.starts_with("https://") || url.starts_with("http://"))
}

/// A model's output; `None` where it holds no list of images.
pub(super) fn delivery(request_id: &str, output: &Value) -> Option<Delivery> {
    let flagged = &output["has_nsfw_concepts"];
    let images = output["images"].as_array()?;
    let images = images.iter().take(MOST_IMAGES).enumerate().filter_map(|(index, image)| {
        let url = image["url"].as_str().filter(|url| is_address(url))?.to_owned();
        Some(GeneratedImage { url, flagged: flagged[index].as_bool().unwrap_or(false) })
    });
    Some(Delivery {
        request_id: request_id.to_owned(),
        images: images.collect(),
        seed: output["seed"].as_u64(),
        billable_units: None,
        provider_retried: false,
    })
}

/// A callback, once its signature has been verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Callback {
    /// The id that the submit was answered with.
    pub request_id: String,
    /// What it says.
    pub outcome: CallbackOutcome,
}

/// What a callback says.
#[derive(Debug, Clone, PartialEq)]
pub enum CallbackOutcome {
    /// Images.
    Images(Delivery),
    /// The request failed.
    Error(FalError),
    /// It succeeded, but the result has to be fetched.
    FetchResult,
}

/// A body that is no callback.
#[derive(Debug, thiserror::Error)]
#[error("the body is no callback of fal's")]
pub struct NotACallback;

impl Callback {
    /// Reads the body.
    ///
    /// # Errors
    /// It is no callback of fal's.
    pub fn parse(body: &[u8]) -> Result<Self, NotACallback> {
        let value: Value = serde_json::from_slice(body).map_err(|_| NotACallback)?;
        let request_id = value["request_id"].as_str().filter(|id| is_request_id(id)).ok_or(NotACallback)?.to_owned();
        let retried = value["gateway_request_id"].as_str().is_some_and(|gateway| gateway != request_id);
        let payload = &value["payload"];
        let outcome = match value["status"].as_str() {
            Some("OK") if payload.is_null() => CallbackOutcome::FetchResult,
            Some("OK") => match delivery(&request_id, payload) {
                Some(delivery) => CallbackOutcome::Images(Delivery { provider_retried: retried, ..delivery }),
                None => CallbackOutcome::Error(FalError::new(FalErrorKind::Garbled, "fal's output holds no images")),
            },
            Some("ERROR") => {
                // "Invalid status code: 422": the number is all that says which error it was.
                let digits =
                    |text: &str| text.rsplit(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 3)?.parse().ok();
                let status = value["error"].as_str().and_then(digits).unwrap_or(500);
                // The header that tells our own deadline from fal's is missing here; we always set one.
                let own_deadline = payload["error_type"] == "request_timeout";
                CallbackOutcome::Error(error::from_body(status, payload, own_deadline))
            }
            _ => return Err(NotACallback),
        };
        Ok(Self { request_id, outcome })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: &Value) -> Callback {
        Callback::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_success_keeps_every_digit_of_the_seed() {
        let callback = parse(&json!({
            "request_id": "r-1", "gateway_request_id": "r-2", "status": "OK",
            "payload": {
                "images": [{ "url": "https://v3.fal.media/a.png" }, { "url": "https://v3.fal.media/b.png" }],
                "seed": 196_619_188_014_358_660_u64, "has_nsfw_concepts": [false, true]
            }
        }));
        let CallbackOutcome::Images(delivery) = callback.outcome else { panic!("{callback:?}") };
        assert_eq!(delivery.seed, Some(196_619_188_014_358_660));
        assert!(delivery.provider_retried);
        assert_eq!(delivery.images.iter().map(|image| image.flagged).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_result_that_fal_could_not_send_is_fetched() {
        let callback = parse(&json!({ "request_id": "r-1", "status": "OK", "payload": null, "payload_error": "x" }));
        assert_eq!(callback.outcome, CallbackOutcome::FetchResult);
    }

    #[test]
    fn both_forms_of_failure_are_read() {
        let failed = |error: &str, payload: Value| {
            let callback =
                parse(&json!({ "request_id": "r-1", "status": "ERROR", "error": error, "payload": payload }));
            let CallbackOutcome::Error(error) = callback.outcome else { panic!("{callback:?}") };
            error.kind
        };
        let list = json!({ "detail": [{ "type": "content_policy_violation", "msg": "m" }] });
        assert_eq!(failed("Invalid status code: 422", list), FalErrorKind::ContentPolicy);
        let flat = json!({ "detail": "x", "error_type": "runner_scheduling_failure" });
        assert_eq!(failed("Invalid status code: 503", flat), FalErrorKind::Unavailable);
        assert_eq!(failed("Invalid status code: 504", Value::Null), FalErrorKind::TimedOut);
        assert_eq!(failed("?", Value::Null), FalErrorKind::Internal);
    }

    #[test]
    fn what_is_no_callback_is_refused() {
        for body in ["", "[]", "{}", r#"{"request_id":"a/b","status":"OK"}"#, r#"{"request_id":"r","status":"FAILED"}"#]
        {
            assert!(Callback::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
