//! What is said of a scene.

use crate::consistency::{Evidence, Issue, Verdict};

/// A scene against those who should be in it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SceneReport {
    /// In the order wanted.
    pub slots: Vec<Slot>,
    /// Places of further figures like one of those wanted. People whom no reference shows are not noticed.
    pub extra: Vec<Evidence>,
    /// Everybody is found, at no one else's place, alike, and once. False where nothing could be judged.
    pub passed: bool,
    /// The mean score of the judged slots, a missing one counting 0; `None` where none was judged.
    pub overall: Option<f64>,
}

/// One of those wanted.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// What became of them.
    #[serde(flatten)]
    pub state: SlotState,
    /// Where they are.
    pub place: Option<Evidence>,
    /// 0-1: how alike the figure there is; 0.7 is enough.
    pub score: Option<f64>,
    /// In how far.
    pub checks: SlotChecks,
    /// What is wrong, the worst first.
    pub issues: Vec<Issue>,
}

/// What became of somebody wanted.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum SlotState {
    /// They are there.
    Found,
    /// They are not.
    Missing,
    /// They stand where another was wanted.
    Swapped {
        /// Which slot's place it is.
        with: usize,
    },
    /// The figure has parts of another reference's look.
    Blended {
        /// That slot.
        with: usize,
    },
    /// It cannot be said.
    NotJudged {
        /// Why, in a sentence's words.
        reason: String,
    },
}

/// The four checks, as far as a scene allows them.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlotChecks {
    /// Colours of head, upper body and legs.
    pub color: Verdict,
    /// The outline is not known before an arbitrary background.
    pub proportion: Verdict,
    /// A figure of a scene has too few pixels for a face.
    pub features: Verdict,
    /// Scenes have their own light and manner.
    pub style: Verdict,
}

impl SlotChecks {
    pub(super) fn with(color: Verdict) -> Self {
        let not_judged = |reason: &str| Verdict::NotJudged { reason: reason.to_owned() };
        Self {
            color,
            proportion: not_judged("the figure's outline cannot be cut out of a scene"),
            features: not_judged("the figure is too small in a scene for its details"),
            style: not_judged("a scene's light and manner are its own"),
        }
    }

    pub(super) fn none(reason: &str) -> Self {
        Self::with(Verdict::NotJudged { reason: reason.to_owned() })
    }
}
