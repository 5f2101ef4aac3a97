//! Where a job's images are filed: folder, type, whose they are, what they are related to. Decided when the job is
//! planned, so that ingest, which stores images, needs to know no kinds.

use serde::{Deserialize, Serialize};

use crate::{
    id::{LoraId, MediaId, PersonId, SubjectId},
    media::ImageType,
    subject::{SubjectType, VisualSpecifications},
};

/// Where a job's images are filed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoragePlan {
    /// What they are filed as.
    pub image_type: ImageType,
    /// Their folder in the bucket, without a slash at the end.
    pub folder: String,
    /// The subject that they show, where there is just one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// What that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<SubjectType>,
    /// The person that they show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The LoRA that knows that person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lora: Option<LoraId>,
    /// What has them, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<(String, Relation)>,
    /// The specifications that were in force.
    pub specifications: VisualSpecifications,
    /// What a scene is put together from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Slot>,
}

impl StoragePlan {
    /// Whether an image is measured when it is stored: characters as figures, places and things in words of their own.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.image_type == ImageType::MasterReference && self.subject_type.is_some()
    }
}

/// How two things are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Relation {
    /// A subject and its definitive picture.
    HasMasterReference,
    /// A subject and the collection of its views.
    #[serde(rename = "HAS_360_PROFILE")]
    Has360Profile,
    /// A person and a portrait.
    HasPortrait,
    /// An image and one that it was made from.
    UsesReference,
    /// An image and a newer version of it.
    HasVersion,
}

impl Relation {
    /// The word used in answers and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HasMasterReference => "HAS_MASTER_REFERENCE",
            Self::Has360Profile => "HAS_360_PROFILE",
            Self::HasPortrait => "HAS_PORTRAIT",
            Self::UsesReference => "USES_REFERENCE",
            Self::HasVersion => "HAS_VERSION",
        }
    }
}

/// A place in a scene and what stands there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// `character-0`, `location`, `prop-0`, `style`.
    pub slot: String,
    /// The image that shows it; absent for an address of the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<MediaId>,
    /// Where it stands, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Its size against the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// Its main colours, by which it is looked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub palette: Vec<String>,
}
