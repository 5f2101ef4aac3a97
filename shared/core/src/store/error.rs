//! What can go wrong with the table. Each error says which call failed, and at which key.

use std::fmt;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Item, layout};

/// A call to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As DynamoDB names it, for example `GetItem`.
    pub operation: &'static str,
    /// The key that it was about: `JOB#… SHOT#00001`, or a partition.
    pub key: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.operation, self.key)
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What the caller of the store has to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Try again later: throttled, contended or unreachable. Nothing, or everything, was written.
    #[error("{call}: the table is busy or out of reach")]
    Busy { call: Call, source: Source },
    /// Do not try again: a fault of ours or of the configuration.
    #[error("{call}: the table refused the call")]
    Refused { call: Call, source: Source },
    /// Other writes to the record came first, as often as the change was tried; nothing was written.
    #[error("{record} is being changed by another request")]
    Contended {
        /// Its id, or what it is.
        record: String,
    },
    /// A condition that no race explains failed; trying again would meet it again.
    #[error("the condition {0} does not hold")]
    Condition(String),
    /// A page was to begin at a place which is not in the list.
    #[error("the list has no such place")]
    NotInList,
    /// An item that is not what it should be.
    #[error("the item {key} cannot be read")]
    Unreadable { key: String, source: serde_dynamo::Error },
}

impl StoreError {
    /// Whether it will be the same next time. Where it lies with one item, others may go well.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Contended { .. } => false,
            Self::Refused { .. } | Self::Unreadable { .. } | Self::NotInList | Self::Condition(_) => true,
        }
    }
}

/// Makes an error of a call of `operation` that was about `key`.
pub(super) fn failed<E, R>(operation: &'static str, key: impl fmt::Display) -> impl FnOnce(SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    let call = Call { operation, key: key.to_string() };
    move |error| {
        let refused = match &error {
            SdkError::ServiceError(service) => matches!(
                service.err().code(),
                Some(
                    "ValidationException"
                        | "ResourceNotFoundException"
                        | "AccessDeniedException"
                        | "UnrecognizedClientException"
                        | "ItemCollectionSizeLimitExceededException"
                )
            ),
            SdkError::ConstructionFailure(_) => true,
            _ => false,
        };
        let source = Box::new(error);
        if refused { StoreError::Refused { call, source } } else { StoreError::Busy { call, source } }
    }
}

/// The answer of a conditional write, or `None` where its condition did not hold.
pub(super) fn if_it_held<T, E, R>(
    answer: Result<T, SdkError<E, R>>,
    operation: &'static str,
    key: impl fmt::Display,
) -> Result<Option<T>, StoreError>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(SdkError::ServiceError(error)) if error.err().code() == Some("ConditionalCheckFailedException") => Ok(None),
        Err(error) => Err(failed(operation, key)(error)),
    }
}

/// Reads an item as what it is.
pub(super) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    let key = key_of(&item);
    serde_dynamo::from_item(item).map_err(|source| StoreError::Unreadable { key, source })
}

/// Reads each of the items.
pub(super) fn from_items<T: DeserializeOwned>(items: Vec<Item>) -> Result<Vec<T>, StoreError> {
    items.into_iter().map(from_item).collect()
}

/// Writes a record as an item.
pub(super) fn to_item<T: Serialize>(value: &T) -> Result<Item, StoreError> {
    serde_dynamo::to_item(value).map_err(|source| StoreError::Unreadable { key: "to be written".to_owned(), source })
}

/// Writes a part of a record as an attribute.
pub(super) fn to_value<T: Serialize>(value: &T) -> Result<AttributeValue, StoreError> {
    let unreadable = |source| StoreError::Unreadable { key: "to be written".to_owned(), source };
    serde_dynamo::to_attribute_value(value).map_err(unreadable)
}

/// The key of an item, in words.
pub(super) fn key_of(item: &Item) -> String {
    let part =
        |name: &str| item.get(name).and_then(|value| AttributeValue::as_s(value).ok()).map_or("?", String::as_str);
    format!("{} {}", layout::sayable(part("pk")), part("sk"))
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use serde::Deserialize;

    use super::*;
    use crate::store::text;

    #[test]
    fn an_error_says_which_call_failed_and_at_which_key() {
        let error: SdkError<aws_sdk_dynamodb::operation::get_item::GetItemError, ()> = SdkError::timeout_error("late");
        let error = failed("GetItem", "JOB#1 SHOT#00001")(error);
        assert_eq!(error.to_string(), "GetItem of JOB#1 SHOT#00001: the table is busy or out of reach");
        assert!(!error.is_lasting() && error.source().is_some());
    }

    #[test]
    fn an_error_at_a_token_does_not_tell_its_hash() {
        let hash = "0123456789abcdef".repeat(4);
        let item = Item::from([("pk".to_owned(), text(format!("KEY#{hash}"))), ("sk".to_owned(), text("KEY"))]);
        assert_eq!([key_of(&item), layout::api_key(&hash).to_string()], ["KEY#01234567 KEY"; 2]);
    }

    #[test]
    fn an_item_that_cannot_be_read_is_named() {
        #[derive(Debug, Deserialize)]
        struct Counted {
            #[expect(dead_code, reason = "it is never read")]
            count: u32,
        }
        let item = Item::from([("pk".to_owned(), text("JOB#1")), ("sk".to_owned(), text("JOB"))]);
        let error = from_item::<Counted>(item).unwrap_err();
        assert_eq!(error.to_string(), "the item JOB#1 JOB cannot be read");
        assert!(error.is_lasting());
    }
}
