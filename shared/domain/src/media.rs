//! Media: the record of an image whose bytes are in the bucket.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    as_text,
    id::{JobId, MediaId, PersonId, ProjectId, ShotId, SubjectId},
    measured::Measured,
    recipe::Recipe,
    subject::{SubjectType, VisualSpecifications},
};

/// What an image is filed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageType {
    /// A definitive picture of a subject.
    MasterReference,
    /// A view of a subject from one angle.
    #[serde(rename = "profile-360")]
    Profile360,
    /// A scene put together from references.
    CompositeShot,
    /// A portrait of a person.
    Portrait,
}

impl ImageType {
    /// The word used in requests and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MasterReference => "master-reference",
            Self::Profile360 => "profile-360",
            Self::CompositeShot => "composite-shot",
            Self::Portrait => "portrait",
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
    /// The person whom it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
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
    /// What was measured of its figure; of a master reference alone.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text::optional")]
    pub measured: Option<Measured>,
    /// Everything that made it.
    pub recipe: Recipe,
    /// fal's id of the request.
    pub request_id: String,
    /// Counts up from 1 as the image is made anew.
    pub version: u32,
    /// The version that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<MediaId>,
    /// How well it shows each reference, 0 to 1, by slot.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reference_scores: BTreeMap<String, f64>,
    /// fal ran the request more than once: the same recipe may give another picture.
    pub provider_retried: bool,
}

impl Media {
    /// The image one of whose files has this key, going by the file's name as ingest spells it: shot, attempt, index
    /// and content. Whether there is such an image, and such a file of it, is for its record to say.
    #[must_use]
    pub fn id_in(key: &str) -> Option<MediaId> {
        let name = key.rsplit('/').next()?;
        let mut parts = name.splitn(5, '-');
        let (ulid, ordinal, attempt, index, _) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        attempt.strip_prefix('a')?.parse::<u32>().ok()?;
        let shot: ShotId = format!("{ulid}-{ordinal}").parse().ok()?;
        Some(shot.media(index.parse().ok()?))
    }

    /// Its files.
    pub fn files(&self) -> impl Iterator<Item = &StoredFile> {
        [&self.original, &self.webp, &self.thumbnail].into_iter()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_leads_to_its_image() {
        let id = |key: &str| Media::id_in(key).map(|id| id.to_string());
        let expected = Some("img_01jd0000000000000000000000-3-1".to_owned());
        assert_eq!(
            id("projects/isle/references/keeper/01jd0000000000000000000000-3-a2-1-0123456789abcdef.png"),
            expected
        );
        assert_eq!(id("01jd0000000000000000000000-3-a2-1-0123456789abcdef.thumb.webp"), expected);
        for other in [
            "",
            "projects/isle/logo.png",
            "a-b-c-d-e.png",
            "01jd0000000000000000000000-3-1-0123.png",
            "01jd0000000000000000000000-3-a2-x-0123.png",
            "01JD0000000000000000000000-3-a2-1-0123.png",
        ] {
            assert_eq!(id(other), None, "{other}");
        }
    }
}
