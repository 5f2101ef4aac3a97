//! fal's errors as decisions. Every body form that is seen in the field is read; only the status, the `type` and
//! fal's headers decide, never a message. Of fal's texts the place and the words of a refusal are kept for the caller,
//! without what they echo; they are in no log line.

use std::fmt;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use reqwest::{StatusCode, header::HeaderMap};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an error means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FalErrorKind {
    /// Too many requests: later.
    RateLimited,
    /// No runner for the model: another model.
    Unavailable,
    /// fal could not be reached: later.
    Unreachable,
    /// The generation took too long: fewer steps.
    TimedOut,
    /// No runner started before our own deadline: again, nothing was done.
    StartDeadline,
    /// A fault at fal: later.
    Internal,
    /// The prompt or picture is against the content policy: without the words, or not at all.
    ContentPolicy,
    /// The model's own filter refused it, where another model may accept: a stand-in, where the project allows one.
    Moderated,
    /// fal could not load a file that we named: again, over minutes.
    Download,
    /// The input is wrong: not at all.
    InvalidInput,
    /// Our key is refused: stop everything.
    Authentication,
    /// Our account is locked: stop everything.
    AccountLocked,
    /// Cancelled on fal's side.
    Cancelled,
    /// An answer that nobody understands.
    Garbled,
}

/// An error of fal's, reduced to what we act on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FalError {
    /// What it means for us.
    pub kind: FalErrorKind,
    /// fal's `type`, `error_type` or a description of our own; never its message.
    pub reason: String,
    /// The HTTP status.
    pub status: Option<u16>,
    /// What fal itself says about trying again.
    pub retryable: Option<bool>,
    /// Units billed in spite of the error.
    pub billable_units: Option<f64>,
    /// fal's id of the request that it is about, where its callback tells it.
    pub request_id: Option<String>,
    /// The input that it is about, as fal names it: `image_size.width`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// fal's own words, without what they echo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// What a content policy was broken by, in fal's vocabulary: `violence`, `sexual`, `model_moderated`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// After how many seconds fal wants to be asked again, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

/// `Retry-After` beyond this is not believed.
const LONGEST_RETRY_AFTER: u32 = 15 * 60;
/// Most of fal's words that are kept, in characters.
const MOST_WORDS: usize = 200;
/// Most categories that are kept; fal has seven.
const MOST_CATEGORIES: usize = 10;

impl fmt::Display for FalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = &self.reason;
        match self.status {
            Some(status) => write!(f, "fal answered {status}: {reason}"),
            None => f.write_str(reason),
        }
    }
}

impl std::error::Error for FalError {}

impl FalError {
    /// An error of our own finding.
    #[must_use]
    pub fn new(kind: FalErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            status: None,
            retryable: None,
            billable_units: None,
            request_id: None,
            field: None,
            words: None,
            categories: Vec::new(),
            retry_after: None,
        }
    }

    /// After how long fal wants to be asked again.
    #[must_use]
    pub fn retry_after(&self) -> Option<SignedDuration> {
        self.retry_after.map(|seconds| SignedDuration::from_secs(seconds.into()))
    }

    /// One sentence for the caller: the input that it is about, fal's words without `prompt`, and what to do.
    #[must_use]
    pub fn for_caller(&self, prompt: &str) -> String {
        let mut text = match (self.status, self.reason.as_str()) {
            (Some(status), UNTYPED) => format!("fal answered {status} without a reason"),
            (Some(status), reason) => format!("fal answered {status}, {reason}"),
            (None, reason) => reason.to_owned(),
        };
        if let Some(field) = &self.field {
            text.push_str(&format!(", for `{field}`"));
        }
        if let Some(words) = self.words.as_deref().filter(|words| prompt.is_empty() || !words.contains(prompt)) {
            text.push_str(&format!(": \"{words}\""));
        }
        if !self.categories.is_empty() {
            text.push_str(&format!(" ({})", self.categories.join(", ")));
        }
        text.push_str(match self.kind {
            FalErrorKind::InvalidInput => "; change that input and send the request again",
            FalErrorKind::ContentPolicy => "; word the request otherwise",
            FalErrorKind::Moderated => "; word the request otherwise, or name another model",
            FalErrorKind::Download => "; see that the file can be fetched, then retry the job",
            FalErrorKind::Authentication => "; the deployment's fal key has to be renewed, then retry the job",
            FalErrorKind::AccountLocked => "; the deployment's fal account has to be unlocked, then retry the job",
            FalErrorKind::RateLimited
            | FalErrorKind::Unavailable
            | FalErrorKind::Unreachable
            | FalErrorKind::TimedOut
            | FalErrorKind::StartDeadline
            | FalErrorKind::Internal
            | FalErrorKind::Cancelled
            | FalErrorKind::Garbled => "; retry the job later",
        });
        text
    }

    /// This, or what fal has `told` elsewhere of the same failure, whichever has a name for it; with the bill of this.
    #[must_use]
    pub fn or_told(self, told: Option<Self>) -> Self {
        match told {
            Some(told) if !self.is_typed() => Self {
                retryable: self.retryable.or(told.retryable),
                billable_units: self.billable_units.or(told.billable_units),
                ..told
            },
            Some(_) | None => self,
        }
    }

    /// Whether fal gave it a type, or at least a reason that is as good as one.
    pub(super) fn is_typed(&self) -> bool {
        self.reason != UNTYPED
    }

    /// Reads an HTTP answer of fal's that is no success.
    #[must_use]
    pub fn from_answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let json = serde_json::from_slice(body).unwrap_or(Value::Null);
        let own_deadline = text_of(headers, "x-fal-request-timeout-type") == Some("user");
        let mut error = Self::from_body(status.as_u16(), &json, own_deadline);
        if error.reason == UNTYPED
            && let Some(kind) = text_of(headers, "x-fal-error-type")
        {
            error = Self::classified(status.as_u16(), kind, own_deadline);
        }
        error.retryable = retryable(headers);
        error.billable_units = billable_units(headers);
        error.retry_after = retry_after(headers);
        error
    }

    /// Reads the error body that a callback carries, with the status code named beside it.
    #[must_use]
    pub fn from_body(status: u16, body: &Value, own_deadline: bool) -> Self {
        let typed = body["error_type"].as_str().or_else(|| {
            // A list of model errors: the first one that has a type decides.
            body["detail"].as_array().and_then(|list| list.iter().find_map(|item| item["type"].as_str()))
        });
        if let Some(kind) = typed {
            return Self::classified(status, kind, own_deadline).told_by(body);
        }
        let text = body["detail"].as_str().unwrap_or_default();
        let locked = status == 403 && (text.contains("locked") || text.contains("balance"));
        let kind = if locked { FalErrorKind::AccountLocked } else { of_status(status, own_deadline) };
        let reason = if locked { "the account is locked" } else { UNTYPED };
        Self { status: Some(status), ..Self::new(kind, reason) }.told_by(body)
    }

    /// A request whose status is completed and names this failure; the result may say more.
    pub(super) fn from_status(error: Option<&str>, error_type: Option<&str>) -> Option<Self> {
        // "Invalid status code: 422": the number is all that says which error it was.
        let status = error.and_then(status_in).unwrap_or(500);
        match (error_type, error) {
            (Some(kind), _) => Some(Self::classified(status, kind, false)),
            (None, Some(_)) => Some(Self { status: Some(status), ..Self::new(of_status(status, false), UNTYPED) }),
            (None, None) => None,
        }
    }

    /// With the place, the words and the categories that `body` has for it.
    fn told_by(mut self, body: &Value) -> Self {
        let item = body["detail"]
            .as_array()
            .and_then(|list| list.iter().find(|item| item["type"].is_string()).or_else(|| list.first()));
        let item = item.unwrap_or(&Value::Null);
        self.field = field(&item["loc"]);
        let words = item["msg"].as_str().or_else(|| body["detail"].as_str());
        self.words = words.and_then(|words| without_echo(words, &item["input"]));
        let lists = [&item["categories"], &item["ctx"]["categories"], &body["categories"]];
        let names = lists.into_iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
        self.categories = names.map(word).filter(|name| !name.is_empty()).take(MOST_CATEGORIES).collect();
        if self.kind == FalErrorKind::ContentPolicy && self.categories.iter().any(|name| name == MODEL_MODERATED) {
            self.kind = FalErrorKind::Moderated;
        }
        self
    }

    fn classified(status: u16, error_type: &str, own_deadline: bool) -> Self {
        let kind = match error_type {
            "concurrent_requests_limit" => FalErrorKind::RateLimited,
            "runner_scheduling_failure"
            | "runner_connection_timeout"
            | "runner_disconnected"
            | "runner_connection_refused"
            | "runner_connection_error"
            | "downstream_service_unavailable" => FalErrorKind::Unavailable,
            "request_timeout" | "startup_timeout" if own_deadline => FalErrorKind::StartDeadline,
            "request_timeout" | "startup_timeout" | "generation_timeout" => FalErrorKind::TimedOut,
            "runner_incomplete_response"
            | "runner_server_error"
            | "internal_error"
            | "internal_server_error"
            | "downstream_service_error" => FalErrorKind::Internal,
            "content_policy_violation" | "no_media_generated" => FalErrorKind::ContentPolicy,
            MODEL_MODERATED => FalErrorKind::Moderated,
            "file_download_error" => FalErrorKind::Download,
            "client_disconnected" | "client_cancelled" => FalErrorKind::Cancelled,
            // fal's rule: a type that is not known is a refusal of the input. Other statuses speak for themselves.
            _ if status == 422 => FalErrorKind::InvalidInput,
            _ => of_status(status, own_deadline),
        };
        Self { status: Some(status), ..Self::new(kind, word(error_type)) }
    }
}

const UNTYPED: &str = "no type given";
/// The category, and as some apps have it the type, of a refusal by the model's own filter.
const MODEL_MODERATED: &str = "model_moderated";

/// A name of fal's vocabulary is a word; anything longer is not what the protocol promises, and is not kept.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "_.-".contains(*c)).take(64).collect()
}

/// The number in "Invalid status code: 422".
pub(super) fn status_in(text: &str) -> Option<u16> {
    text.rsplit(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 3)?.parse().ok()
}

/// `["body", "image_size", "width"]` as `image_size.width`.
fn field(loc: &Value) -> Option<String> {
    let part = |part: &Value| part.as_str().map(word).or_else(|| part.as_u64().map(|index| index.to_string()));
    let parts: Vec<String> = loc.as_array()?.iter().filter_map(part).filter(|part| part != "body").take(8).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// A message without the addresses in it (they are signed), and nothing at all where it repeats the `input`.
fn without_echo(words: &str, input: &Value) -> Option<String> {
    let echoes = |text: &str| text.len() > 3 && words.contains(text);
    if input.as_str().is_some_and(echoes) {
        return None;
    }
    let parts = words.split_whitespace().map(|part| match part.contains("://") || part.contains("data:") {
        true => "…",
        false => part,
    });
    let text = parts.collect::<Vec<_>>().join(" ");
    let plain: String = text.chars().filter(|c| !c.is_control()).take(MOST_WORDS).collect();
    (!plain.is_empty()).then_some(plain)
}

fn of_status(status: u16, own_deadline: bool) -> FalErrorKind {
    match status {
        401 => FalErrorKind::Authentication,
        // 403 without a reason: not ours to use, whether key or account.
        403 => FalErrorKind::Authentication,
        408 | 504 if own_deadline => FalErrorKind::StartDeadline,
        408 | 504 => FalErrorKind::TimedOut,
        429 => FalErrorKind::RateLimited,
        499 => FalErrorKind::Cancelled,
        503 => FalErrorKind::Unavailable,
        // Of the address, not of the input.
        404 | 405 | 410 => FalErrorKind::Garbled,
        500..=599 => FalErrorKind::Internal,
        400..=498 => FalErrorKind::InvalidInput,
        _ => FalErrorKind::Garbled,
    }
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// fal renamed the header and uses both spellings of yes and no.
fn retryable(headers: &HeaderMap) -> Option<bool> {
    let value = text_of(headers, "x-fal-needs-retry").or_else(|| text_of(headers, "x-fal-retryable"))?;
    match value {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// Seconds, or a date against the answer's own.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let value = text_of(headers, "retry-after")?.trim();
    let seconds = match value.parse::<u32>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let moment = |text: &str| rfc2822::parse(text).ok().map(|date| date.timestamp());
            let (then, now): (Timestamp, Timestamp) = (moment(value)?, moment(text_of(headers, "date")?)?);
            u32::try_from(then.duration_since(now).as_secs()).ok()?
        }
    };
    Some(seconds.min(LONGEST_RETRY_AFTER))
}

/// What fal bills, in the model's own unit.
pub(super) fn billable_units(headers: &HeaderMap) -> Option<f64> {
    let units: f64 = text_of(headers, "x-fal-billable-units")?.parse().ok()?;
    (units.is_finite() && units >= 0.0).then_some(units)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(status: u16, headers: &[(&'static str, &str)], body: &str) -> FalErrorKind {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        FalError::from_answer(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes()).kind
    }

    #[test]
    fn every_body_form_is_read() {
        use FalErrorKind::{
            AccountLocked, Authentication, Cancelled, ContentPolicy, Download, Internal, InvalidInput, RateLimited,
            StartDeadline, TimedOut, Unavailable,
        };
        const USER: &[(&str, &str)] = &[("x-fal-request-timeout-type", "user")];
        type Case = (u16, &'static [(&'static str, &'static str)], &'static str, FalErrorKind);
        let cases: &[Case] = &[
            (401, &[], r#"{"detail":"No user found for Key ID and Secret"}"#, Authentication),
            (403, &[], r#"{"detail":"User is locked. Reason: Exhausted balance."}"#, AccountLocked),
            (403, &[], r#"{"detail":"Forbidden"}"#, Authentication),
            (
                422,
                &[],
                r#"{"detail":[{"loc":["body","prompt"],"msg":"m","type":"content_policy_violation","url":"u"}]}"#,
                ContentPolicy,
            ),
            (422, &[], r#"{"detail":[{"loc":["body","seed"],"msg":"m","type":"value_error.missing"}]}"#, InvalidInput),
            (422, &[], r#"{"detail":[{"loc":["body","image_url"],"msg":"m","type":"file_download_error"}]}"#, Download),
            (422, &[], r#"{"detail":"prompt is bad"}"#, InvalidInput),
            (422, &[], r#"{"status":"ERROR"}"#, InvalidInput),
            (422, &[], r#"{"detail":[{"type":"something_new"}]}"#, InvalidInput),
            (429, &[], "", RateLimited),
            (429, &[], r#"{"detail":"x","error_type":"concurrent_requests_limit"}"#, RateLimited),
            (500, &[], r#"{"detail":"x","error_type":"runner_server_error"}"#, Internal),
            (500, &[], r#"{"detail":[{"type":"internal_server_error"}]}"#, Internal),
            (503, &[], r#"{"detail":"x","error_type":"runner_scheduling_failure"}"#, Unavailable),
            (503, &[], "", Unavailable),
            (502, &[], "<html><center>nginx</center></html>", Internal),
            (504, &[], r#"{"detail":"x","error_type":"request_timeout"}"#, TimedOut),
            (504, USER, r#"{"detail":"x","error_type":"request_timeout"}"#, StartDeadline),
            (504, USER, "", StartDeadline),
            (504, &[], r#"{"detail":[{"type":"generation_timeout"}]}"#, TimedOut),
            (499, &[], r#"{"detail":"x","error_type":"client_cancelled"}"#, Cancelled),
            (500, &[("x-fal-error-type", "runner_disconnected")], "", Unavailable),
        ];
        for (status, headers, body, expected) in cases {
            assert_eq!(kind(*status, headers, body), *expected, "{status} {body}");
        }
    }

    #[test]
    fn headers_about_money_and_retries_are_read_in_every_spelling() {
        let headers = [("x-fal-retryable", "false"), ("x-fal-billable-units", "1.5")];
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let error = FalError::from_answer(StatusCode::INTERNAL_SERVER_ERROR, &headers, b"");
        assert_eq!((error.retryable, error.billable_units), (Some(false), Some(1.5)));
    }

    #[test]
    fn nothing_that_fal_echoes_is_kept() {
        let body = json!({ "detail": [{ "type": "one_of", "msg": "secret prompt", "input": "secret prompt" }] });
        let error = FalError::from_body(422, &body, false);
        assert!(!format!("{error:?} {error}").contains("secret"));
        // Said without an `input` beside it: the caller's own prompt is known where the sentence is made.
        let error = FalError::from_body(422, &json!({ "detail": "bad: secret prompt" }), false);
        assert!(!error.to_string().contains("secret"), "a log line has none of fal's words");
        assert!(!error.for_caller("secret prompt").contains("secret"));
        let error =
            FalError::from_body(422, &json!({ "detail": "cannot load https://a.example/x?sig=secret now" }), false);
        assert_eq!(error.words.as_deref(), Some("cannot load … now"));
    }

    #[test]
    fn a_refusal_names_the_input_and_says_what_to_do() {
        let body = json!({ "detail": [{
            "loc": ["body", "image_size", "width"], "type": "less_than_equal",
            "msg": "Input should be less than or equal to 14142", "input": 20000
        }] });
        let error = FalError::from_body(422, &body, false);
        assert_eq!(
            error.for_caller("a prompt"),
            "fal answered 422, less_than_equal, for `image_size.width`: \"Input should be less than or equal to \
             14142\"; change that input and send the request again"
        );
        let missing =
            json!({ "detail": [{ "loc": ["body", "image_urls", 0], "type": "missing", "msg": "Field required" }] });
        let error = FalError::from_body(422, &missing, false);
        assert!(error.for_caller("").contains("for `image_urls.0`: \"Field required\""), "{}", error.for_caller(""));
        assert!(FalError::from_body(422, &Value::Null, false).for_caller("").contains("without a reason"));
    }

    #[test]
    fn categories_are_kept_and_the_models_own_filter_is_told_apart() {
        let refused = |item: Value| FalError::from_body(422, &json!({ "detail": [item] }), false);
        let policy =
            refused(json!({ "type": "content_policy_violation", "ctx": { "categories": ["violence", "hate"] } }));
        assert_eq!(
            (policy.kind, policy.categories.join(" ")),
            (FalErrorKind::ContentPolicy, "violence hate".to_owned())
        );
        for item in [
            json!({ "type": "content_policy_violation", "categories": ["model_moderated"] }),
            json!({ "type": "model_moderated" }),
        ] {
            assert_eq!(refused(item).kind, FalErrorKind::Moderated);
        }
    }

    #[test]
    fn when_to_come_back_is_read_in_both_forms() {
        let after = |headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            FalError::from_answer(StatusCode::TOO_MANY_REQUESTS, &headers, b"").retry_after
        };
        assert_eq!(after(&[("retry-after", "17")]), Some(17));
        assert_eq!(after(&[("retry-after", "99999")]), Some(900));
        let date = ("date", "Sat, 21 Nov 2026 07:00:00 GMT");
        assert_eq!(after(&[("retry-after", "Sat, 21 Nov 2026 07:00:30 GMT"), date]), Some(30));
        assert_eq!((after(&[("retry-after", "soon")]), after(&[])), (None, None));
    }

    #[test]
    fn a_status_may_name_the_failure() {
        let told = |error, error_type| FalError::from_status(error, error_type).map(|error| (error.kind, error.status));
        assert_eq!(told(Some("Invalid status code: 500"), None), Some((FalErrorKind::Internal, Some(500))));
        assert_eq!(told(Some("Invalid status code: 422"), None), Some((FalErrorKind::InvalidInput, Some(422))));
        assert_eq!(told(Some("boom"), Some("runner_disconnected")), Some((FalErrorKind::Unavailable, Some(500))));
        assert_eq!(told(None, None), None);
    }
}
