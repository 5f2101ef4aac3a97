//! What a write demands of the item that stands there. Each condition closes one race or keeps one limit; the name of
//! the one that failed is what the caller learns.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::{Item, number, text};
use likeness_domain::id::ShotId;

/// A condition of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// No such record exists: of two that create the same, one wins.
    New(Record),
    /// The record still has the revision that was read: of two that change it, one wins.
    Unchanged(Record, u64),
    /// The record does not exist, or is of before it had revisions.
    NeverRevised,
    /// The idempotency key was never used, or so long ago that it is forgotten (TTL deletes late, so expiry is checked
    /// here).
    KeyIsFree { now: Timestamp },
    /// The slot is not held, or its lease has run out: of two claims, one gets it.
    SlotIsFree { now: Timestamp },
    /// The slot is held by this attempt: it was not taken over after its lease ran out.
    SlotIsOurs { shot: ShotId, attempt: u32 },
    /// No stop of the lanes is in effect: of several shots that fal turns away at once, one is the finder.
    NothingStops { now: Timestamp },
    /// The project is there: without it the update would make an item that holds owners and nothing else.
    ProjectExists,
    /// The figures that stand there leave room for what is added; each limit spells its own part.
    WithinLimits,
    /// The user of the change (`:user`) is not an owner of the project, or not the only one: of two owners who remove
    /// each other at once, one stays.
    AnotherOwner,
}

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    ApiKey,
    Collection,
    Job,
    Lora,
    Person,
    Project,
    Rate,
    Shot,
    Subject,
    Weather,
    Workflow,
}

/// A condition that failed, and the item that stood there; empty where there was none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    pub(super) condition: Condition,
    pub(super) item: Item,
}

impl Condition {
    /// As DynamoDB reads it; `None` where it is spelled with the update.
    pub(super) fn expression(self) -> Option<&'static str> {
        Some(match self {
            Self::WithinLimits => return None,
            Self::New(_) => "attribute_not_exists(pk)",
            Self::Unchanged(..) => "revision = :seen",
            Self::NeverRevised => "attribute_not_exists(revision)",
            Self::KeyIsFree { .. } => "attribute_not_exists(pk) OR expires_at <= :now",
            Self::SlotIsFree { .. } => "attribute_not_exists(shot) OR lease_until_ms <= :now",
            Self::SlotIsOurs { .. } => "shot = :shot AND attempt = :attempt",
            Self::NothingStops { .. } => "attribute_not_exists(until_ms) OR until_ms <= :now",
            Self::ProjectExists => "attribute_exists(pk)",
            Self::AnotherOwner => {
                "attribute_exists(pk) AND (NOT contains(project_owners, :user) OR size(project_owners) > :one)"
            }
        })
    }

    /// The values that the expression names.
    pub(super) fn values(self) -> Vec<(&'static str, AttributeValue)> {
        match self {
            Self::New(_) | Self::NeverRevised | Self::ProjectExists | Self::WithinLimits => Vec::new(),
            Self::AnotherOwner => vec![(":one", number(1))],
            Self::Unchanged(_, seen) => vec![(":seen", number(seen))],
            Self::KeyIsFree { now } => vec![(":now", number(now.as_second()))],
            Self::SlotIsFree { now } | Self::NothingStops { now } => vec![(":now", number(now.as_millisecond()))],
            Self::SlotIsOurs { shot, attempt } => {
                vec![(":shot", text(shot.to_string())), (":attempt", number(attempt))]
            }
        }
    }

    /// Whether another write came first, so that reading again and deciding anew may succeed. Everything else is a fact
    /// that a repetition would meet again: it must be answered, not tried again.
    pub(super) fn is_race(self) -> bool {
        match self {
            // Whether the limit is reached is seen by reading again.
            Self::New(_) | Self::Unchanged(..) | Self::NeverRevised | Self::WithinLimits => true,
            Self::KeyIsFree { .. }
            | Self::SlotIsFree { .. }
            | Self::SlotIsOurs { .. }
            | Self::NothingStops { .. }
            | Self::ProjectExists
            | Self::AnotherOwner => false,
        }
    }
}
