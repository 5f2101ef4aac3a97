//! The lanes: one SQS queue for each family of kinds, so that a crowd in one cannot hold up another.

use serde::{Deserialize, Serialize};

/// Which SQS queue carries a kind's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Master references.
    Master,
    /// Profiles of a subject.
    Profile,
    /// Composites of several subjects.
    Composite,
    Portrait,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Master, Self::Profile, Self::Composite, Self::Portrait];

    /// The word for it in logs and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Profile => "profile",
            Self::Composite => "composite",
            Self::Portrait => "portrait",
        }
    }

    /// The environment variable that holds its queue's URL.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Master => "MASTER_QUEUE_URL",
            Self::Profile => "PROFILE_QUEUE_URL",
            Self::Composite => "COMPOSITE_QUEUE_URL",
            Self::Portrait => "PORTRAIT_QUEUE_URL",
        }
    }
}
