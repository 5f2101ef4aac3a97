//! What a stored report says, as ingest wrote it: as much of it as answers are made of.

use std::collections::BTreeMap;

use likeness_core::{id::MediaId, report::Report};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::ApiError;

/// Of what the report is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Content {
    /// Of one picture.
    Pair(Box<Pair>),
    /// Of the views of a subject.
    Set(Box<Set>),
    /// Of pictures with several subjects.
    Scene(Scene),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pair {
    #[serde(flatten)]
    pub(crate) checks: Checks,
    pub(crate) orientation: Option<Facing>,
    pub(crate) face: Option<Face>,
    pub(crate) not_judged_reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Set {
    pub(crate) color: Option<f64>,
    pub(crate) proportion: Option<f64>,
    pub(crate) feature: Option<f64>,
    pub(crate) style: Option<f64>,
    pub(crate) angles: Vec<Angle>,
    /// The worst first.
    pub(crate) issues: Vec<Issue>,
    #[serde(default)]
    pub(crate) not_judged: Vec<Value>,
    #[serde(default)]
    pub(crate) attempts: Vec<Value>,
    #[serde(default)]
    pub(crate) faces: Vec<ViewFace>,
    pub(crate) not_judged_reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Angle {
    pub(crate) angle: u16,
    pub(crate) report: Checks,
    pub(crate) orientation: Facing,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct ViewFace {
    pub(crate) angle: u16,
    #[serde(flatten)]
    pub(crate) face: Face,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Scene {
    pub(crate) images: Vec<SceneImage>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SceneImage {
    /// Absent for an upload.
    pub(crate) media_id: Option<MediaId>,
    pub(crate) slots: Vec<SceneSlot>,
    pub(crate) not_judged_reason: Option<String>,
}

/// A reference in a scene.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct SceneSlot {
    pub(crate) slot: String,
    pub(crate) state: SlotState,
    pub(crate) reason: Option<String>,
    pub(crate) place: Option<Place>,
    pub(crate) score: Option<f64>,
    pub(crate) checks: Checks,
    pub(crate) issues: Vec<Issue>,
}

/// What became of a reference in a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SlotState {
    Found,
    Missing,
    Swapped,
    Blended,
    NotJudged,
}

/// The checks of two pictures; absent where nothing was compared.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Checks {
    color: Option<Verdict>,
    proportion: Option<Verdict>,
    features: Option<Verdict>,
    style: Option<Verdict>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub(crate) enum Verdict {
    Judged { score: f64, details: BTreeMap<String, Option<f64>>, issues: Vec<Issue> },
    NotJudged { reason: String },
}

/// Whether a view is seen from where it should be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub(crate) enum Facing {
    Plausible {},
    #[serde(rename_all = "camelCase")]
    Wrong {
        looks_like: u16,
    },
    NotJudged {
        reason: String,
    },
}

/// Whether a face is the reference's.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub(crate) enum Face {
    Judged { similarity: f64, passed: bool },
    NotJudged { reason: String },
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Issue {
    /// The view, where there are several.
    pub(crate) angle: Option<u16>,
    /// Which check found it, where that does not follow from its place.
    pub(crate) check: Option<String>,
    pub(crate) severity: Severity,
    pub(crate) what: String,
    #[serde(rename = "where")]
    pub(crate) place: Option<Place>,
    pub(crate) suggestion: String,
}

/// From the worst to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Severity {
    Critical,
    High,
    Medium,
    Low,
}

/// A box in a picture, as parts of its width and height.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) struct Place {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Content {
    pub(crate) fn of(report: &Report) -> Result<Self, ApiError> {
        serde_json::from_str(&report.content).map_err(|error| ApiError::Internal(Box::new(error)))
    }
}

impl Checks {
    /// Each with its name.
    pub(crate) fn named(&self) -> [(&'static str, Option<&Verdict>); 4] {
        let Self { color, proportion, features, style } = self;
        [("color", color), ("proportion", proportion), ("features", features), ("style", style)]
            .map(|(name, verdict)| (name, verdict.as_ref()))
    }

    /// The check `name`.
    pub(crate) fn verdict(&self, name: &str) -> Option<&Verdict> {
        self.named().into_iter().find(|(check, _)| *check == name)?.1
    }
}

impl Scene {
    /// All references, in all images.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &SceneSlot> {
        self.images.iter().flat_map(|image| &image.slots)
    }

    /// Why nobody was looked for.
    pub(crate) fn not_judged_reason(&self) -> Option<&str> {
        self.images.iter().find_map(|image| image.not_judged_reason.as_deref())
    }
}

impl Verdict {
    pub(crate) fn score(&self) -> Option<f64> {
        match self {
            Self::Judged { score, .. } => Some(*score),
            Self::NotJudged { .. } => None,
        }
    }

    pub(crate) fn issues(&self) -> &[Issue] {
        match self {
            Self::Judged { issues, .. } => issues,
            Self::NotJudged { .. } => &[],
        }
    }
}

impl Place {
    /// Left, top, width and height.
    pub(crate) fn bounds(self) -> [f64; 4] {
        [self.x, self.y, self.width, self.height]
    }
}
