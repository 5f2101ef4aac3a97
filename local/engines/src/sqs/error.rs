//! What SQS refuses, in the form that the official SDKs understand.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;

/// The SDKs take the error's code from this header, a legacy of the query protocol.
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// A refusal. All but the last are the caller's fault.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqsError {
    #[error("the specified queue does not exist")]
    QueueDoesNotExist,
    #[error("a queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    #[error("the input receipt handle is invalid")]
    ReceiptHandleIsInvalid,
    #[error("the message referred to is not in flight")]
    MessageNotInflight,
    #[error("unknown attribute {0}")]
    InvalidAttributeName(String),
    #[error("invalid value for the attribute {name}: {reason}")]
    InvalidAttributeValue { name: String, reason: String },
    #[error("invalid value for the parameter {name}: {reason}")]
    InvalidParameterValue { name: &'static str, reason: String },
    #[error("the message contains characters outside the allowed set")]
    InvalidMessageContents,
    #[error("{0}")]
    UnsupportedOperation(String),
    #[error("there should be at least one entry in the request")]
    EmptyBatchRequest,
    #[error("maximum number of entries per request are {max}, you have sent {sent}", max = super::batch::MAX_ENTRIES)]
    TooManyEntriesInBatchRequest { sent: usize },
    #[error("id {0} repeated")]
    BatchEntryIdsNotDistinct(String),
    #[error("a batch entry id can only contain alphanumeric characters, hyphens and underscores, and 1 to 80 of them")]
    InvalidBatchEntryId,
    #[error("batch requests cannot be longer than {max} bytes, you have sent {sent}", max = super::message::MAX_BYTES)]
    BatchRequestTooLong { sent: usize },
    #[error("the resource that you specified for {0} doesn't exist")]
    ResourceNotFound(&'static str),
    #[error("the request cannot be read: {0}")]
    Malformed(#[source] serde_json::Error),
    #[error("the queue database failed")]
    Database(#[from] rusqlite::Error),
    #[error("a stored message or queue cannot be read")]
    Corrupt(#[source] serde_json::Error),
}

/// An error within a batch that succeeded for other entries.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FailedEntry {
    id: String,
    code: &'static str,
    message: String,
    sender_fault: bool,
}

impl SqsError {
    /// The shape's name in the service model, and its code in the query protocol.
    fn codes(&self) -> (&'static str, &'static str) {
        match self {
            Self::QueueDoesNotExist => ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
            Self::QueueNameExists(_) => ("QueueNameExists", "QueueAlreadyExists"),
            Self::ReceiptHandleIsInvalid => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            Self::MessageNotInflight => ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
            Self::InvalidAttributeName(_) => ("InvalidAttributeName", "InvalidAttributeName"),
            Self::InvalidAttributeValue { .. } => ("InvalidAttributeValue", "InvalidAttributeValue"),
            Self::InvalidParameterValue { .. } => ("InvalidParameterValueException", "InvalidParameterValue"),
            Self::InvalidMessageContents => ("InvalidMessageContents", "InvalidMessageContents"),
            Self::UnsupportedOperation(_) => ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
            Self::EmptyBatchRequest => ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
            Self::TooManyEntriesInBatchRequest { .. } => {
                ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
            }
            Self::BatchEntryIdsNotDistinct(_) => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
            }
            Self::InvalidBatchEntryId => ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
            Self::BatchRequestTooLong { .. } => ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
            Self::ResourceNotFound(_) => ("ResourceNotFoundException", "ResourceNotFoundException"),
            Self::Malformed(_) => ("SerializationException", "MalformedInput"),
            Self::Database(_) | Self::Corrupt(_) => ("InternalFailure", "InternalFailure"),
        }
    }

    fn is_ours(&self) -> bool {
        matches!(self, Self::Database(_) | Self::Corrupt(_))
    }

    /// This error as the fate of one entry of a batch.
    pub(super) fn for_entry(self, id: String) -> FailedEntry {
        FailedEntry { id, code: self.codes().1, message: self.to_string(), sender_fault: !self.is_ours() }
    }
}

impl IntoResponse for SqsError {
    fn into_response(self) -> Response {
        let (shape, code) = self.codes();
        let (status, fault) = if self.is_ours() {
            tracing::error!(error = &self as &dyn std::error::Error, "queue request failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "Receiver")
        } else {
            (StatusCode::BAD_REQUEST, "Sender")
        };
        let body = json!({ "__type": format!("com.amazonaws.sqs#{shape}"), "message": self.to_string() });
        let mut response = (status, Json(body)).into_response();
        if let Ok(code) = HeaderValue::from_str(&format!("{code};{fault}")) {
            response.headers_mut().insert(QUERY_ERROR, code);
        }
        response
    }
}
