//! What is said of scenes.

use serde::{Deserialize, Serialize};

use super::{Checks, Frame, Issue};
use crate::id::MediaId;

/// The scenes of one request.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SceneContent {
    /// Each by itself.
    pub images: Vec<SceneImage>,
}

/// One scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SceneImage {
    /// Absent for an upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<MediaId>,
    /// The references that were looked for.
    pub slots: Vec<SceneSlot>,
    /// Figures that were not asked for.
    pub extra: Vec<Frame>,
    /// The mean score of the judged slots; `None` where none was judged.
    pub overall: Option<f64>,
    /// All are there, each in its own place, alike and once. False where nothing could be judged.
    pub passed: bool,
    /// Why nothing was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged_reason: Option<String>,
}

/// A reference in a scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SceneSlot {
    /// `character-0` and the like.
    pub slot: String,
    /// The image that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<MediaId>,
    /// What became of it.
    #[serde(flatten)]
    pub state: SlotState,
    /// Where it is.
    pub place: Option<Frame>,
    /// 0 to 1: how alike the figure there is.
    pub score: Option<f64>,
    /// In how far.
    pub checks: Checks,
    /// What is wrong, the worst first.
    pub issues: Vec<Issue>,
}

/// What became of a reference in a scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum SlotState {
    /// It is there.
    Found,
    /// It is not.
    Missing,
    /// It stands where another was wanted.
    Swapped {
        /// The number of that slot.
        with: usize,
    },
    /// The figure has parts of another reference's look.
    Blended {
        /// The number of that slot.
        with: usize,
    },
    /// It cannot be said.
    NotJudged {
        /// Why, in a sentence's words.
        reason: String,
    },
}

impl SceneContent {
    /// All references, in all images.
    pub fn slots(&self) -> impl Iterator<Item = &SceneSlot> {
        self.images.iter().flat_map(|image| &image.slots)
    }

    /// Why nothing was looked for.
    #[must_use]
    pub fn not_judged_reason(&self) -> Option<&str> {
        self.images.iter().find_map(|image| image.not_judged_reason.as_deref())
    }
}

impl SlotState {
    /// The word for it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Missing => "missing",
            Self::Swapped { .. } => "swapped",
            Self::Blended { .. } => "blended",
            Self::NotJudged { .. } => "notJudged",
        }
    }

    /// Why nothing can be said.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::NotJudged { reason } => Some(reason),
            Self::Found | Self::Missing | Self::Swapped { .. } | Self::Blended { .. } => None,
        }
    }
}
