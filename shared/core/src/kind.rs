//! The kinds of image that can be asked for. A closed set: one variant and one file each.

pub mod master;

use serde::{Deserialize, Serialize};

pub use master::MasterReference;

use crate::{
    entropy::Entropy,
    id::SubjectId,
    media::ImageType,
    money::Usd,
    recipe::Recipe,
    subject::{Subject, VisualSpecifications},
};

/// What a job makes, with everything that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The definitive picture of a subject.
    Master(MasterReference),
}

/// What a kind comes to once it is planned: the paid requests, what they may cost, what could not be honoured.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// One recipe for each shot.
    pub recipes: Vec<Recipe>,
    /// An upper bound of the cost; `None` when a price is unknown.
    pub quote: Option<Usd>,
    /// What was asked for and cannot be had from the model.
    pub ignored: Vec<IgnoredParameter>,
}

/// A parameter that the model cannot take. Reported on the job, never dropped in silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IgnoredParameter {
    /// Its name in the request.
    pub parameter: String,
    /// Why it has no effect.
    pub reason: String,
}

/// Which SQS queue carries a kind's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Master references.
    Master,
}

impl Kind {
    /// The word for it in requests and answers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Master(_) => "master",
        }
    }

    /// The queue that carries its work.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            Self::Master(_) => Lane::Master,
        }
    }

    /// Its place in admission; lower goes first. Masters first, because everything else waits for them.
    #[must_use]
    pub fn priority(&self) -> u8 {
        match self {
            Self::Master(_) => 0,
        }
    }

    /// The subject that its images show, where there is just one.
    #[must_use]
    pub fn subject(&self) -> Option<&SubjectId> {
        match self {
            Self::Master(master) => Some(&master.subject_id),
        }
    }

    /// What its images are filed as.
    #[must_use]
    pub fn image_type(&self) -> ImageType {
        match self {
            Self::Master(_) => ImageType::MasterReference,
        }
    }

    /// The specifications that were in force when the job was accepted.
    #[must_use]
    pub fn specifications(&self) -> &VisualSpecifications {
        match self {
            Self::Master(master) => &master.specifications,
        }
    }

    /// The folder of its images in the bucket, below the project's.
    #[must_use]
    pub fn folder(&self) -> String {
        match self {
            Self::Master(master) => format!("references/{}", master.subject_id),
        }
    }

    /// Expands it into shots. Locks the specifications of `subject`, where it exists already, into `self`.
    #[must_use]
    pub fn plan(&mut self, subject: Option<&Subject>, entropy: &Entropy) -> Plan {
        match self {
            Self::Master(master) => master.plan(subject, entropy),
        }
    }
}
