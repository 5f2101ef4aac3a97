//! fal's JSON, read with as little trust as possible: everything but `request_id` and `images[].url` is optional.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{FalError, FalStatus, error};
use likeness_domain::shot::{Delivery, FalRequest, GeneratedImage};

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

/// A status, if it is one, and of the request with the id `id` or without an id at all.
pub(super) fn status(body: &[u8], id: &str) -> Option<FalStatus> {
    let value: Value = serde_json::from_slice(body).ok()?;
    if value["request_id"].as_str().is_some_and(|other| other != id) {
        return None;
    }
    match value["status"].as_str()? {
        "COMPLETED" => {
            let text = |name: &str| value[name].as_str().filter(|text| !text.is_empty());
            Some(FalStatus::Completed(error::from_status(text("error"), text("error_type"))))
        }
        "IN_QUEUE" | "IN_PROGRESS" => Some(FalStatus::Unfinished),
        _ => None,
    }
}

/// More images than any endpoint makes of one request.
const MOST_IMAGES: usize = 10;

/// An address, not the image itself: `data:` URLs come only where they were asked for, and would not fit into a record.
fn is_address(url: &str) -> bool {
    url.len() <= 2048 && (url.starts_with("https://") || url.starts_with("http://"))
}

/// A model's output; `None` where it holds no image.
pub(super) fn delivery(request_id: &str, output: &Value) -> Option<Delivery> {
    let images = output["images"].as_array()?;
    let images = images.iter().take(MOST_IMAGES).enumerate().filter_map(|(index, image)| {
        let url = image["url"].as_str().filter(|url| is_address(url))?.to_owned();
        Some(GeneratedImage { url, flagged: is_flagged(&output["has_nsfw_concepts"], index) })
    });
    let images: Vec<_> = images.collect();
    (!images.is_empty()).then(|| Delivery {
        request_id: request_id.to_owned(),
        images,
        seed: seed(&output["seed"]),
        billable_units: None,
        provider_retried: false,
        surplus: 0,
    })
}

/// Whether the safety checker flagged an image: whatever was said of it and is not plainly "no".
fn is_flagged(said: &Value, index: usize) -> bool {
    match said {
        Value::Null => false,
        // Nothing was said of this one.
        Value::Array(list) => list.get(index).is_some_and(|said| !is_no(said)),
        all => !is_no(all),
    }
}

fn is_no(said: &Value) -> bool {
    match said {
        Value::Bool(flagged) => !flagged,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => ["false", "no", "0"].iter().any(|no| text.trim().eq_ignore_ascii_case(no)),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// A seed as models give it: a number, one with a fraction of zero, or its digits as text. Numbers that JSON writes
/// with an exponent have lost their last digits before they come here.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within range: just looked at")]
fn seed(said: &Value) -> Option<u64> {
    match said {
        Value::Number(number) => number.as_u64().or_else(|| {
            let whole = number.as_f64().filter(|seed| seed.fract() == 0.0 && (0.0..1.8e19).contains(seed))?;
            Some(whole as u64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
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
    /// The request failed. The result says the same, and what it cost and whether to try again.
    Failed(FalError),
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
            // Without images it is as good as without a payload: the result is asked for, over a time.
            Some("OK") => match delivery(&request_id, payload) {
                Some(delivery) => CallbackOutcome::Images(Delivery { provider_retried: retried, ..delivery }),
                None => CallbackOutcome::FetchResult,
            },
            Some("ERROR") => {
                // "Invalid status code: 422": the number is all that says which error it was.
                let status = value["error"].as_str().and_then(error::status_in).unwrap_or(500);
                // The header that tells our own deadline from fal's is missing here; we always set one.
                let own_deadline = payload["error_type"] == "request_timeout";
                CallbackOutcome::Failed(error::from_body(status, payload, own_deadline))
            }
            _ => return Err(NotACallback),
        };
        Ok(Self { request_id, outcome })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::FalErrorKind, *};

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
        for payload in [json!({ "images": null }), json!({ "output": [] }), json!({ "images": [] }), json!("x")] {
            let callback = parse(&json!({ "request_id": "r-1", "status": "OK", "payload": payload }));
            assert_eq!(callback.outcome, CallbackOutcome::FetchResult, "{payload}");
        }
    }

    #[test]
    fn whatever_is_not_plainly_unflagged_is_flagged() {
        let flagged = |said: Value| {
            let output = json!({ "images": [{ "url": "https://v3.fal.media/a.png" }], "has_nsfw_concepts": said });
            delivery("r-1", &output).unwrap().images[0].flagged
        };
        for said in [json!(true), json!([true]), json!([1]), json!(["true"]), json!([null]), json!({}), json!(["?"])] {
            assert!(flagged(said.clone()), "{said}");
        }
        for said in [json!(null), json!(false), json!([]), json!([false]), json!([0]), json!(["False"])] {
            assert!(!flagged(said.clone()), "{said}");
        }
    }

    #[test]
    fn a_seed_is_kept_in_every_form() {
        let read = |said: Value| seed(&said);
        assert_eq!(read(json!(196_619_188_014_358_660_u64)), Some(196_619_188_014_358_660));
        assert_eq!(read(json!("18446744073709551615")), Some(u64::MAX));
        assert_eq!(read(json!(7.0)), Some(7));
        for none in [json!(7.5), json!(-1), json!("x"), json!(null), json!(1e300)] {
            assert_eq!(read(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn both_forms_of_failure_are_read() {
        let failed = |error: &str, payload: Value| {
            let callback =
                parse(&json!({ "request_id": "r-1", "status": "ERROR", "error": error, "payload": payload }));
            let CallbackOutcome::Failed(error) = callback.outcome else { panic!("{callback:?}") };
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
