//! fal's errors as they come, read as decisions. Every body form that is seen in the field is read; only the status,
//! the
//! `type` and fal's headers decide, never a message.

use jiff::{Timestamp, fmt::rfc2822};
use likeness_domain::fal_error::{FalError, FalErrorKind, UNTYPED};
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

/// `Retry-After` beyond this is not believed.
const LONGEST_RETRY_AFTER: u32 = 15 * 60;
/// Most of fal's words that are kept, in characters.
const MOST_WORDS: usize = 200;
/// Most categories that are kept; fal has seven.
const MOST_CATEGORIES: usize = 10;

/// Reads an HTTP answer of fal's that is no success.
#[must_use]
pub fn from_answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> FalError {
    let json = serde_json::from_slice(body).unwrap_or(Value::Null);
    let own_deadline = text_of(headers, "x-fal-request-timeout-type") == Some("user");
    let mut error = from_body(status.as_u16(), &json, own_deadline);
    if error.reason == UNTYPED
        && let Some(kind) = text_of(headers, "x-fal-error-type")
    {
        error = classified(status.as_u16(), kind, own_deadline);
    }
    error.retryable = retryable(headers);
    error.billable_units = billable_units(headers);
    error.retry_after = retry_after(headers);
    error
}

/// Reads the error body that a callback carries, with the status code named beside it.
#[must_use]
pub(super) fn from_body(status: u16, body: &Value, own_deadline: bool) -> FalError {
    let typed = body["error_type"].as_str().or_else(|| {
        // A list of model errors: the first one that has a type decides.
        body["detail"].as_array().and_then(|list| list.iter().find_map(|item| item["type"].as_str()))
    });
    if let Some(kind) = typed {
        return told_by(classified(status, kind, own_deadline), body);
    }
    let text = body["detail"].as_str().unwrap_or_default();
    let locked = status == 403 && (text.contains("locked") || text.contains("balance"));
    let kind = if locked { FalErrorKind::AccountLocked } else { of_status(status, own_deadline) };
    let reason = if locked { "the account is locked" } else { UNTYPED };
    told_by(FalError { status: Some(status), ..FalError::new(kind, reason) }, body)
}

/// A request whose status is completed and names this failure; the result may say more.
pub(super) fn from_status(error: Option<&str>, error_type: Option<&str>) -> Option<FalError> {
    // "Invalid status code: 422": the number is all that says which error it was.
    let status = error.and_then(status_in).unwrap_or(500);
    match (error_type, error) {
        (Some(kind), _) => Some(classified(status, kind, false)),
        (None, Some(_)) => Some(FalError { status: Some(status), ..FalError::new(of_status(status, false), UNTYPED) }),
        (None, None) => None,
    }
}

/// With the place, the words and the categories that `body` has for it.
fn told_by(mut error: FalError, body: &Value) -> FalError {
    let item = body["detail"]
        .as_array()
        .and_then(|list| list.iter().find(|item| item["type"].is_string()).or_else(|| list.first()));
    let item = item.unwrap_or(&Value::Null);
    error.field = field(&item["loc"]);
    let words = item["msg"].as_str().or_else(|| body["detail"].as_str());
    error.words = words.and_then(|words| without_echo(words, &item["input"]));
    let lists = [&item["categories"], &item["ctx"]["categories"], &body["categories"]];
    let names = lists.into_iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    error.categories = names.map(word).filter(|name| !name.is_empty()).take(MOST_CATEGORIES).collect();
    if error.kind == FalErrorKind::ContentPolicy && error.categories.iter().any(|name| name == MODEL_MODERATED) {
        error.kind = FalErrorKind::Moderated;
    }
    error
}

fn classified(status: u16, error_type: &str, own_deadline: bool) -> FalError {
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
    FalError { status: Some(status), ..FalError::new(kind, word(error_type)) }
}

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
        from_answer(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes()).kind
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
        let error = from_answer(StatusCode::INTERNAL_SERVER_ERROR, &headers, b"");
        assert_eq!((error.retryable, error.billable_units), (Some(false), Some(1.5)));
    }

    #[test]
    fn nothing_that_fal_echoes_is_kept() {
        let body = json!({ "detail": [{ "type": "one_of", "msg": "secret prompt", "input": "secret prompt" }] });
        let error = from_body(422, &body, false);
        assert!(!format!("{error:?} {error}").contains("secret"));
        // Said without an `input` beside it: the caller's own prompt is known where the sentence is made.
        let error = from_body(422, &json!({ "detail": "bad: secret prompt" }), false);
        assert!(!error.to_string().contains("secret"), "a log line has none of fal's words");
        assert!(!error.for_caller("secret prompt").contains("secret"));
        let error = from_body(422, &json!({ "detail": "cannot load https://a.example/x?sig=secret now" }), false);
        assert_eq!(error.words.as_deref(), Some("cannot load … now"));
    }

    #[test]
    fn a_refusal_names_the_input_and_says_what_to_do() {
        let body = json!({ "detail": [{
            "loc": ["body", "image_size", "width"], "type": "less_than_equal",
            "msg": "Input should be less than or equal to 14142", "input": 20000
        }] });
        let error = from_body(422, &body, false);
        assert_eq!(
            error.for_caller("a prompt"),
            "fal answered 422, less_than_equal, for `image_size.width`: \"Input should be less than or equal to \
             14142\"; change that input and send the request again"
        );
        let missing =
            json!({ "detail": [{ "loc": ["body", "image_urls", 0], "type": "missing", "msg": "Field required" }] });
        let error = from_body(422, &missing, false);
        assert!(error.for_caller("").contains("for `image_urls.0`: \"Field required\""), "{}", error.for_caller(""));
        assert!(from_body(422, &Value::Null, false).for_caller("").contains("without a reason"));
    }

    #[test]
    fn categories_are_kept_and_the_models_own_filter_is_told_apart() {
        let refused = |item: Value| from_body(422, &json!({ "detail": [item] }), false);
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
            from_answer(StatusCode::TOO_MANY_REQUESTS, &headers, b"").retry_after
        };
        assert_eq!(after(&[("retry-after", "17")]), Some(17));
        assert_eq!(after(&[("retry-after", "99999")]), Some(900));
        let date = ("date", "Sat, 21 Nov 2026 07:00:00 GMT");
        assert_eq!(after(&[("retry-after", "Sat, 21 Nov 2026 07:00:30 GMT"), date]), Some(30));
        assert_eq!((after(&[("retry-after", "soon")]), after(&[])), (None, None));
    }

    #[test]
    fn a_status_may_name_the_failure() {
        let told = |error, error_type| from_status(error, error_type).map(|error| (error.kind, error.status));
        assert_eq!(told(Some("Invalid status code: 500"), None), Some((FalErrorKind::Internal, Some(500))));
        assert_eq!(told(Some("Invalid status code: 422"), None), Some((FalErrorKind::InvalidInput, Some(422))));
        assert_eq!(told(Some("boom"), Some("runner_disconnected")), Some((FalErrorKind::Unavailable, Some(500))));
        assert_eq!(told(None, None), None);
    }
}
