//! Media: the record of an image whose bytes are in the bucket.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{JobId, MediaId, ProjectId, ShotId, SubjectId},
    recipe::Recipe,
    subject::{SubjectType, VisualSpecifications},
};

/// What an image is filed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageType {
    /// A definitive picture of a subject.
    MasterReference,
}

impl ImageType {
    /// The word used in requests and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MasterReference => "master-reference",
        }
    }
}

/// A stored image: keys, never URLs, because addresses change and keys do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Its id, which holds its shot's.
    pub id: MediaId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Whom or what it shows.
    pub subject: Option<SubjectId>,
    /// What that is.
    pub subject_type: Option<SubjectType>,
    /// What it is filed as.
    pub image_type: ImageType,
    /// The job that made it.
    pub job: JobId,
    /// The shot that made it.
    pub shot: ShotId,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// As fal delivered it.
    pub original: StoredFile,
    /// The same as WebP.
    pub webp: StoredFile,
    /// At most 256 pixels a side, WebP.
    pub thumbnail: StoredFile,
    /// Without a reference, 0 to 1.
    pub quality_score: f64,
    /// What the score is made of, each 0 to 1.
    pub quality: BTreeMap<String, f64>,
    /// Given specifications, with the palette measured from the image where none was given.
    pub specifications: VisualSpecifications,
    /// Everything that made it.
    pub recipe: Recipe,
    /// fal's id of the request.
    pub request_id: String,
    /// fal ran the request more than once: the same recipe may give another picture.
    pub provider_retried: bool,
}

impl Media {
    /// The bytes that it takes up in the bucket.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.original.bytes + self.webp.bytes + self.thumbnail.bytes
    }
}

/// An object in the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its key.
    pub key: String,
    /// Its MIME type.
    pub content_type: String,
    /// Its size.
    pub bytes: u64,
    /// Lower-case hex SHA-256 of its bytes.
    pub sha256: String,
}
