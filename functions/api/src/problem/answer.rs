//! From an error to its answer: one exhaustive match for status and code, the headers, the body.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::SignedDuration;
use likeness_core::telemetry::causes;
use likeness_domain::limit::Exceeded;
use serde::Serialize;

use super::{
    ApiError, FieldError,
    limit::{self, LimitView},
};

/// The body of a problem, but for the request id, which the outermost layer knows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    retryable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// The limit that was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<LimitView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

impl ApiError {
    /// Its status, its code, and the code in words.
    fn class(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Unauthenticated | Self::TokenRefused { .. } => {
                (StatusCode::UNAUTHORIZED, "unauthenticated", "Not authenticated")
            }
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed"),
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid_request", "Invalid request"),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "Not JSON"),
            Self::UnknownEncoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown_encoding", "Encoding not supported"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large"),
            Self::Conflict { .. } => (StatusCode::CONFLICT, "conflict", "Conflict"),
            Self::Contended { .. } => (StatusCode::CONFLICT, "conflict", "Conflict"),
            Self::NotReady(_) => (StatusCode::CONFLICT, "reference_not_ready", "Still being made"),
            Self::KeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", "Idempotency key used for another request")
            }
            Self::Unprocessable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "Cannot be processed"),
            Self::NotMade(failure) if failure.code.is_retryable() => {
                (StatusCode::SERVICE_UNAVAILABLE, failure.code.as_str(), "No image was made")
            }
            Self::NotMade(failure) => (StatusCode::UNPROCESSABLE_ENTITY, failure.code.as_str(), "No image was made"),
            Self::Exceeded { exceeded: Exceeded::Rate { .. }, .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests")
            }
            Self::Exceeded { .. } => (StatusCode::PAYMENT_REQUIRED, "budget_exceeded", "Budget exceeded"),
            Self::LaneFull { .. } => (StatusCode::SERVICE_UNAVAILABLE, "lane_full", "Queue full"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }

    /// Whether the same request may go well later.
    fn is_retryable(&self) -> bool {
        match self {
            Self::Contended { .. } | Self::LaneFull { .. } | Self::Unavailable(_) | Self::NotReady(_) => true,
            Self::NotMade(failure) => failure.code.is_retryable(),
            Self::Exceeded { exceeded: Exceeded::Rate { passes_in, .. }, .. } => passes_in.is_some(),
            Self::Exceeded { .. } => false,
            Self::Unauthenticated
            | Self::TokenRefused { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::MethodNotAllowed
            | Self::Invalid(_)
            | Self::NotJson
            | Self::UnknownEncoding
            | Self::TooLarge { .. }
            | Self::Conflict { .. }
            | Self::KeyReused
            | Self::Unprocessable(_)
            | Self::Internal(_) => false,
        }
    }

    fn problem(&self) -> (StatusCode, Problem) {
        let (status, code, title) = self.class();
        let errors = match self {
            Self::Invalid(errors) | Self::Unprocessable(errors) | Self::NotReady(errors) => errors.clone(),
            _ => Vec::new(),
        };
        let problem = Problem {
            kind: format!("urn:likeness:problem:{}", code.replace('_', "-")),
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            retryable: self.is_retryable(),
            errors,
            limit: match self {
                Self::Exceeded { exceeded, reading } => Some(limit::view(exceeded, reading)),
                _ => None,
            },
            request_id: None,
        };
        (status, problem)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, problem) = self.problem();
        if let Self::LaneFull { lane, .. } = &self {
            tracing::warn!(event = "lane_full", lane = lane.name(), "request refused: too much is waiting");
        } else if status.is_server_error() {
            tracing::error!(code = problem.code, error = causes(&self), "request failed");
        }
        let mut response = status.into_response();
        let headers = response.headers_mut();
        match self {
            Self::Unauthenticated => {
                headers.insert(http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
            }
            Self::TokenRefused { expired } => {
                let challenge = if expired {
                    "Bearer error=\"invalid_token\", error_description=\"the token has expired\""
                } else {
                    "Bearer error=\"invalid_token\""
                };
                headers.insert(http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static(challenge));
            }
            Self::Exceeded { exceeded, reading } => limit::write_headers(&exceeded, &reading, headers),
            Self::LaneFull { room_in, .. } => {
                headers.insert(http::header::RETRY_AFTER, retry_after(room_in).into());
            }
            Self::UnknownEncoding => {
                headers
                    .insert(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static("gzip, deflate, identity"));
            }
            Self::Contended { .. } => {
                headers.insert(http::header::RETRY_AFTER, http::HeaderValue::from_static("1"));
            }
            Self::Unavailable(_) => {
                headers.insert(http::header::RETRY_AFTER, http::HeaderValue::from_static("2"));
            }
            // Everything that is worth a retry at once was tried.
            Self::NotMade(failure) if failure.code.is_retryable() => {
                headers.insert(http::header::RETRY_AFTER, http::HeaderValue::from_static("60"));
            }
            _ => {}
        }
        // The layer that knows the request's id makes the body.
        response.extensions_mut().insert(problem);
        response
    }
}

/// Whole seconds, 1 to 600: an estimate is no reason to stay away for longer.
fn retry_after(room_in: SignedDuration) -> u64 {
    u64::try_from(room_in.as_secs()).unwrap_or_default().clamp(1, 600)
}

#[cfg(test)]
mod tests;
