//! Errors as RFC 9457 problems: one exhaustive match from what went wrong to what a client is told. Inner text goes to
//! the log only.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::SignedDuration;
use likeness_core::{
    backlog::BacklogError, config::ConfigError, cursor::CursorError, failure::Failure, lane::Lane, store::StoreError,
    telemetry::causes,
};
use serde::Serialize;

/// What a client is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// No key, or one that is unknown, expired or revoked.
    #[error("a valid API key is needed: Authorization: Bearer <key>")]
    Unauthenticated,
    /// The key or the member may not do this.
    #[error("this needs {needs}")]
    Forbidden {
        /// Which scope or role.
        needs: &'static str,
    },
    /// There is none, or it is somebody else's: nobody can tell the two apart.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The path exists for other methods.
    #[error("this path has no such method")]
    MethodNotAllowed,
    /// Parts of the request are wrong; each is named.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// The body is not declared as JSON.
    #[error("the body must be sent as Content-Type: application/json")]
    NotJson,
    /// The body is too large.
    #[error("the body has more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Something of that name exists.
    #[error("{detail}")]
    Conflict {
        /// What is in the way.
        detail: String,
    },
    /// An image that the request goes by is still being made.
    #[error("an image that the request goes by is still being made")]
    NotReady(Vec<FieldError>),
    /// The idempotency key belongs to another request.
    #[error("this idempotency key was used for a different request")]
    KeyReused,
    /// The request is well formed, and what it names cannot be used; each reason is told.
    #[error("the request names something that cannot be used")]
    Unprocessable(Vec<FieldError>),
    /// The caller waited for images, and there are none.
    #[error("{}", .0.detail)]
    NotMade(Failure),
    /// The lane has as much waiting as it takes; nothing was changed.
    #[error("as much waits in the {} lane as it takes; try again later", lane.name())]
    LaneFull {
        /// Which.
        lane: Lane,
        /// When there may be room.
        room_in: SignedDuration,
    },
    /// The table or a queue is out of reach for the moment; nothing was changed.
    #[error("the service is briefly unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A fault of ours.
    #[error("the service has a fault")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One wrong part of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// Which part of the request the pointer is of.
    #[serde(rename = "in")]
    pub(crate) place: Place,
    /// JSON pointer: a field of the body, or `/` and the name of a header or parameter.
    pub(crate) pointer: String,
    /// What to change.
    pub(crate) detail: String,
}

/// A part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Body,
    Header,
    Query,
}

impl FieldError {
    pub(crate) fn body(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { place: Place::Body, pointer: pointer.into(), detail: detail.into() }
    }

    pub(crate) fn header(name: &str, detail: impl Into<String>) -> Self {
        Self { place: Place::Header, pointer: format!("/{name}"), detail: detail.into() }
    }

    pub(crate) fn query(name: &str, detail: impl Into<String>) -> Self {
        Self { place: Place::Query, pointer: format!("/{name}"), detail: detail.into() }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(source) => Self::Unavailable(source),
            StoreError::Contended { .. } => Self::Conflict { detail: format!("{error}; try again") },
            StoreError::NotInList => FieldError::query("cursor", CursorError::OtherList.to_string()).into(),
            StoreError::Refused(_) | StoreError::Unreadable(_) | StoreError::Condition(_) => {
                Self::Internal(Box::new(error))
            }
        }
    }
}

impl From<BacklogError> for ApiError {
    fn from(error: BacklogError) -> Self {
        match error {
            BacklogError::OutOfReach { .. } => Self::Unavailable(Box::new(error)),
            BacklogError::Moving(_) => Self::Conflict { detail: error.to_string() },
            BacklogError::NoDeadLetters(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<ConfigError> for ApiError {
    fn from(error: ConfigError) -> Self {
        Self::Internal(Box::new(error))
    }
}

/// The body of a problem, but for the request id, which the outermost layer knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

impl ApiError {
    /// The same, said of a request whose fields stand elsewhere: `at` tells where.
    pub(crate) fn pointing(self, at: impl Fn(&str) -> String) -> Self {
        let moved = |errors: Vec<FieldError>| {
            errors.into_iter().map(|error| FieldError { pointer: at(&error.pointer), ..error }).collect()
        };
        match self {
            Self::Invalid(errors) => Self::Invalid(moved(errors)),
            Self::Unprocessable(errors) => Self::Unprocessable(moved(errors)),
            Self::NotReady(errors) => Self::NotReady(moved(errors)),
            other => other,
        }
    }

    fn problem(&self) -> (StatusCode, Problem) {
        let (status, code, title) = match self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "Not authenticated"),
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed"),
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid_request", "Invalid request"),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "Not JSON"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large"),
            Self::Conflict { .. } => (StatusCode::CONFLICT, "conflict", "Conflict"),
            Self::NotReady(_) => (StatusCode::CONFLICT, "reference_not_ready", "Still being made"),
            Self::KeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", "Idempotency key used for another request")
            }
            Self::Unprocessable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "Cannot be processed"),
            Self::NotMade(failure) if failure.code.is_retryable() => {
                (StatusCode::SERVICE_UNAVAILABLE, failure.code.as_str(), "No image was made")
            }
            Self::NotMade(failure) => (StatusCode::UNPROCESSABLE_ENTITY, failure.code.as_str(), "No image was made"),
            Self::LaneFull { .. } => (StatusCode::SERVICE_UNAVAILABLE, "lane_full", "Too much is waiting"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Briefly unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        };
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
            retryable: matches!(self, Self::LaneFull { .. } | Self::Unavailable(_) | Self::NotReady(_))
                || matches!(self, Self::NotMade(failure) if failure.code.is_retryable()),
            errors,
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
            Self::LaneFull { room_in, .. } => {
                headers.insert(http::header::RETRY_AFTER, retry_after(room_in).into());
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
mod tests {
    use likeness_core::failure::FailureCode;

    use super::*;

    #[test]
    fn every_problem_has_its_status_and_a_stable_type() {
        let all = [
            ApiError::Unauthenticated,
            ApiError::Forbidden { needs: "the scope `generate`" },
            ApiError::NotFound { what: "project" },
            ApiError::MethodNotAllowed,
            FieldError::body("/description", "has 9 characters, 10 to 1000 are allowed").into(),
            ApiError::NotJson,
            ApiError::TooLarge { limit: 1 },
            ApiError::Conflict { detail: "the project exists".to_owned() },
            ApiError::NotReady(vec![FieldError::body("/masterReferenceId", "is still being made")]),
            ApiError::KeyReused,
            ApiError::Unprocessable(vec![FieldError::body("/loraId", "is not ready")]),
            ApiError::NotMade(Failure::new(FailureCode::ContentRefused, "fal's content policy refused the prompt")),
            ApiError::NotMade(Failure::new(FailureCode::ProviderError, "fal failed, several times")),
            ApiError::LaneFull { lane: Lane::Profile, room_in: SignedDuration::from_secs(20) },
            ApiError::Unavailable("secret".into()),
            ApiError::Internal("secret".into()),
        ];
        let lines: Vec<String> = all
            .iter()
            .map(|error| {
                let (_, problem) = error.problem();
                format!("{} {} {}: {}", problem.status, problem.kind, problem.retryable, problem.detail)
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        401 urn:likeness:problem:unauthenticated false: a valid API key is needed: Authorization: Bearer <key>
        403 urn:likeness:problem:forbidden false: this needs the scope `generate`
        404 urn:likeness:problem:not-found false: there is no such project
        405 urn:likeness:problem:method-not-allowed false: this path has no such method
        400 urn:likeness:problem:invalid-request false: the request is not valid
        415 urn:likeness:problem:not-json false: the body must be sent as Content-Type: application/json
        413 urn:likeness:problem:body-too-large false: the body has more than 1 bytes
        409 urn:likeness:problem:conflict false: the project exists
        409 urn:likeness:problem:reference-not-ready true: an image that the request goes by is still being made
        422 urn:likeness:problem:idempotency-key-reused false: this idempotency key was used for a different request
        422 urn:likeness:problem:unprocessable false: the request names something that cannot be used
        422 urn:likeness:problem:content-refused false: fal's content policy refused the prompt
        503 urn:likeness:problem:provider-error true: fal failed, several times
        503 urn:likeness:problem:lane-full true: as much waits in the profile lane as it takes; try again later
        503 urn:likeness:problem:unavailable true: the service is briefly unavailable
        500 urn:likeness:problem:internal false: the service has a fault
        ");
    }

    #[test]
    fn nobody_is_sent_away_for_no_time_or_for_hours() {
        let seconds = [-5, 0, 1, 599, 7200].map(|seconds| retry_after(SignedDuration::from_secs(seconds)));
        assert_eq!(seconds, [1, 1, 1, 599, 600]);
    }
}
