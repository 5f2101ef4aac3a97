//! A queue's row: its name, its attributes, what they may be.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction};
use serde::{Deserialize, Deserializer, de};

use super::{Depth, error::SqsError};

/// The account in URLs and ARNs.
pub(super) const ACCOUNT: &str = "000000000000";
const ARN: &str = "arn:aws:sqs:us-east-1:000000000000:";

/// Numeric attributes: name, default, least, most.
const NUMBERS: [(&str, i64, i64, i64); 5] = [
    (VISIBILITY_TIMEOUT, 30, 0, 43_200),
    (DELAY_SECONDS, 0, 0, 900),
    (RETENTION, 345_600, 60, 1_209_600),
    (MAXIMUM_MESSAGE_SIZE, 1_048_576, 1_024, 1_048_576),
    (RECEIVE_WAIT, 0, 0, 20),
];
pub(super) const VISIBILITY_TIMEOUT: &str = "VisibilityTimeout";
pub(super) const DELAY_SECONDS: &str = "DelaySeconds";
pub(super) const RETENTION: &str = "MessageRetentionPeriod";
pub(super) const MAXIMUM_MESSAGE_SIZE: &str = "MaximumMessageSize";
pub(super) const RECEIVE_WAIT: &str = "ReceiveMessageWaitTimeSeconds";
const REDRIVE_POLICY: &str = "RedrivePolicy";
/// Kept and given back, without effect here.
const INERT: [&str; 5] =
    ["Policy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];

/// Attributes by name, as the wire has them.
pub(super) type Attributes = BTreeMap<String, String>;

pub(super) struct Queue {
    pub(super) name: String,
    /// Only what was set.
    pub(super) attributes: Attributes,
    pub(super) created_ms: i64,
    pub(super) modified_ms: i64,
}

/// Where a message goes that was received too often.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RedrivePolicy {
    dead_letter_target_arn: String,
    #[serde(deserialize_with = "number_or_text")]
    pub(super) max_receive_count: i64,
}

impl RedrivePolicy {
    /// The dead-letter queue's name.
    pub(super) fn target(&self) -> &str {
        name_in_arn(&self.dead_letter_target_arn)
    }
}

/// The name in a queue's URL, which may be a bare name too.
pub(super) fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

impl Queue {
    /// The queue that a URL (or a bare name) means.
    pub(super) fn by_url(tx: &Transaction<'_>, url: &str) -> Result<Self, SqsError> {
        Self::by_name(tx, name_of(url))?.ok_or(SqsError::QueueDoesNotExist)
    }

    /// The queue that an ARN means.
    pub(super) fn by_arn(tx: &Transaction<'_>, arn: &str, parameter: &'static str) -> Result<Self, SqsError> {
        Self::by_name(tx, name_in_arn(arn))?.ok_or(SqsError::ResourceNotFound(parameter))
    }

    pub(super) fn by_name(tx: &Transaction<'_>, name: &str) -> Result<Option<Self>, SqsError> {
        let row = tx
            .prepare_cached("SELECT attributes, created_ms, modified_ms FROM queues WHERE name = ?1")?
            .query_row([name], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((attributes, created_ms, modified_ms)) = row else { return Ok(None) };
        let attributes = serde_json::from_str(&attributes).map_err(SqsError::Corrupt)?;
        Ok(Some(Self { name: name.to_owned(), attributes, created_ms, modified_ms }))
    }

    /// The value in force of a numeric attribute.
    pub(super) fn number(&self, name: &str) -> i64 {
        let default = NUMBERS.iter().find(|number| number.0 == name).map_or(0, |number| number.1);
        self.attributes.get(name).and_then(|value| value.parse().ok()).unwrap_or(default)
    }

    pub(super) fn redrive(&self) -> Option<RedrivePolicy> {
        self.attributes.get(REDRIVE_POLICY).and_then(|policy| serde_json::from_str(policy).ok())
    }

    /// What is in force, set or by default.
    pub(super) fn effective(&self) -> Attributes {
        let mut effective: Attributes =
            NUMBERS.iter().map(|&(name, default, ..)| (name.to_owned(), default.to_string())).collect();
        effective.insert("SqsManagedSseEnabled".to_owned(), "true".to_owned());
        effective.extend(self.attributes.clone());
        effective
    }
}

/// Refuses attributes that no queue may have.
pub(super) fn check(tx: &Transaction<'_>, attributes: &Attributes) -> Result<(), SqsError> {
    for (name, value) in attributes {
        let refuse = |reason: &str| SqsError::InvalidAttributeValue { name: name.clone(), reason: reason.to_owned() };
        if let Some((_, _, least, most)) = NUMBERS.iter().find(|number| number.0 == name) {
            if !value.parse().is_ok_and(|value: i64| (*least..=*most).contains(&value)) {
                return Err(refuse(&format!("must be a number from {least} to {most}")));
            }
        } else if name == REDRIVE_POLICY {
            check_redrive(tx, value).map_err(|error| match error {
                Redrive::Refused(reason) => refuse(reason),
                Redrive::Failed(error) => error,
            })?;
        } else if matches!(name.as_str(), "FifoQueue" | "ContentBasedDeduplication") {
            return Err(fifo());
        } else if !INERT.contains(&name.as_str()) {
            return Err(SqsError::InvalidAttributeName(name.clone()));
        }
    }
    Ok(())
}

enum Redrive {
    Refused(&'static str),
    Failed(SqsError),
}

/// An empty policy removes the one there was.
fn check_redrive(tx: &Transaction<'_>, policy: &str) -> Result<(), Redrive> {
    if policy.is_empty() {
        return Ok(());
    }
    let policy: RedrivePolicy = serde_json::from_str(policy)
        .map_err(|_| Redrive::Refused("must be JSON with deadLetterTargetArn and maxReceiveCount"))?;
    if !(1..=1000).contains(&policy.max_receive_count) {
        return Err(Redrive::Refused("maxReceiveCount must be from 1 to 1000"));
    }
    match Queue::by_name(tx, policy.target()).map_err(Redrive::Failed)? {
        Some(_) => Ok(()),
        None => Err(Redrive::Refused("dead letter target does not exist")),
    }
}

/// How many messages are in which state.
pub(super) fn depth(tx: &Transaction<'_>, queue: &str, now: i64) -> Result<Depth, rusqlite::Error> {
    tx.prepare_cached(
        "SELECT count(*) FILTER (WHERE visible_ms <= ?2),
                count(*) FILTER (WHERE visible_ms > ?2 AND receives > 0),
                count(*) FILTER (WHERE visible_ms > ?2 AND receives = 0)
         FROM messages WHERE queue = ?1",
    )?
    .query_row((queue, now), |row| Ok(Depth { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? }))
}

pub(super) fn arn(name: &str) -> String {
    format!("{ARN}{name}")
}

/// An ARN of somewhere else leads to a name that no queue has.
fn name_in_arn(arn: &str) -> &str {
    arn.strip_prefix(ARN).unwrap_or("")
}

/// The one answer to everything about FIFO.
pub(super) fn fifo() -> SqsError {
    SqsError::UnsupportedOperation("this engine has standard queues only, no FIFO".to_owned())
}

/// AWS takes `"maxReceiveCount": 3` and `"maxReceiveCount": "3"`.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrText {
        Number(i64),
        Text(String),
    }
    match NumberOrText::deserialize(deserializer)? {
        NumberOrText::Number(number) => Ok(number),
        NumberOrText::Text(text) => text.parse().map_err(de::Error::custom),
    }
}
