//! fal's errors as they come, read as decisions. Every body form that is seen in the field is read; only the status, the
//! `type` and fal's headers decide, never a message, and no text of fal's is kept: it may echo the whole prompt.

use likeness_domain::fal_error::{FalError, FalErrorKind, UNTYPED};
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

pub(super) fn unreachable(error: &reqwest::Error) -> FalError {
    let reason = if error.is_timeout() { "fal did not answer in time" } else { "fal could not be reached" };
    FalError::new(FalErrorKind::Unreachable, reason)
}

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
        return classified(status, kind, own_deadline);
    }
    let text = body["detail"].as_str().unwrap_or_default();
    let locked = status == 403 && (text.contains("locked") || text.contains("balance"));
    let kind = if locked { FalErrorKind::AccountLocked } else { of_status(status, own_deadline) };
    let reason = if locked { "the account is locked" } else { UNTYPED };
    FalError { status: Some(status), ..FalError::new(kind, reason) }
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
        "file_download_error" => FalErrorKind::Download,
        "client_disconnected" | "client_cancelled" => FalErrorKind::Cancelled,
        // fal's rule: a type that is not known is a refusal of the input. Other statuses speak for themselves.
        _ if status == 422 => FalErrorKind::InvalidInput,
        _ => of_status(status, own_deadline),
    };
    // A type is a word; anything longer is not what the protocol promises, and is not kept.
    let word: String =
        error_type.chars().filter(|c| c.is_ascii_alphanumeric() || "_.-".contains(*c)).take(64).collect();
    FalError { status: Some(status), ..FalError::new(kind, word) }
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
    }
}
