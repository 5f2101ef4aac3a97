//! Errors as RFC 9457 problems: what went wrong, and what a client is told of it. Inner text goes to the log only.

mod answer;
mod field_error;
mod limit;

use jiff::SignedDuration;
use likeness_core::{
    clients::queue_admin::QueueAdminError,
    config::ConfigError,
    cursor::CursorError,
    jwt::{JwtError, Refused},
    store::{MeterReading, StoreError},
};
use likeness_domain::{failure::Failure, lane::Lane, limit::Exceeded};

pub(crate) use self::{
    answer::Problem,
    field_error::{FieldError, Place},
    limit::end_of,
};

/// What a client is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// No key, or one that is unknown, expired or revoked.
    #[error("a valid API key is required: Authorization: Bearer <key>")]
    Unauthenticated,
    /// A token of a user who signed in is not believed. Which check it failed is for the log.
    #[error("{}", if *.expired { "the token has expired" } else { "the token is not valid" })]
    TokenRefused { expired: bool },
    /// The key or the member may not do this.
    #[error("this requires {needs}")]
    Forbidden {
        /// Which scope or role.
        needs: &'static str,
    },
    /// There is none, or it is another project's: the answer is the same.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The path exists for other methods.
    #[error("this path does not support the method")]
    MethodNotAllowed,
    /// Parts of the request are wrong; each is named.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// The body is not declared as JSON.
    #[error("the body must be sent as Content-Type: application/json, in UTF-8")]
    NotJson,
    /// The body is packed in a way that is not read here.
    #[error("the body must be sent plain, or packed with gzip or deflate")]
    UnknownEncoding,
    /// The body is too large.
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// Something of that name exists.
    #[error("{detail}")]
    Conflict {
        /// What is in the way.
        detail: String,
    },
    /// Others are changing the same record, again and again; nothing was changed.
    #[error("{what} is being changed by other requests; try again")]
    Contended {
        /// What they are changing.
        what: String,
    },
    /// An image that the request names is still being made.
    #[error("an image that the request names is still being made")]
    NotReady(Vec<FieldError>),
    /// The idempotency key belongs to another request.
    #[error("this idempotency key was used for a different request")]
    KeyReused,
    /// The request is well formed, and what it names cannot be used; each reason is told.
    #[error("something that the request asks for cannot be had")]
    Unprocessable(Vec<FieldError>),
    /// The caller waited for images, and there are none.
    #[error("{}", .0.detail)]
    NotMade(Failure),
    /// The lane has as much waiting as it takes; nothing was changed.
    #[error("the queue of {} requests is full; try again later", lane.name())]
    LaneFull {
        lane: Lane,
        /// When there may be room.
        room_in: SignedDuration,
    },
    /// A limit on requests or on money is reached; nothing was changed.
    #[error("{}", limit::sentence(.exceeded))]
    Exceeded { exceeded: Exceeded, reading: Box<MeterReading> },
    /// The table or a queue is out of reach for the moment; nothing was changed.
    #[error("the service is temporarily unavailable; try again")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A fault of ours.
    #[error("the service has an internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
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
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy { .. } => Self::Unavailable(Box::new(error)),
            StoreError::Contended { record } => Self::Contended { what: record },
            StoreError::NotInList => FieldError::query("cursor", CursorError::OtherList.to_string()).into(),
            StoreError::Refused { .. } | StoreError::Unreadable { .. } | StoreError::Condition(_) => {
                Self::Internal(Box::new(error))
            }
        }
    }
}

impl From<JwtError> for ApiError {
    fn from(error: JwtError) -> Self {
        match error {
            JwtError::Refused(refused) => {
                tracing::info!(event = "token_refused", reason = %refused, "a user's token was refused");
                Self::TokenRefused { expired: refused == Refused::Expired }
            }
            JwtError::Unavailable(_) => Self::Unavailable(Box::new(error)),
        }
    }
}

impl From<QueueAdminError> for ApiError {
    fn from(error: QueueAdminError) -> Self {
        match error {
            QueueAdminError::OutOfReach { .. } => Self::Unavailable(Box::new(error)),
            QueueAdminError::Moving(_) => Self::Conflict { detail: error.to_string() },
            QueueAdminError::NoDeadLetters(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<ConfigError> for ApiError {
    fn from(error: ConfigError) -> Self {
        Self::Internal(Box::new(error))
    }
}
