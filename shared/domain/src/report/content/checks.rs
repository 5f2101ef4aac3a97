//! The checks of two figures, and what they found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The four checks of two figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checks {
    /// Colours of skin, hair and clothes.
    pub color: CheckVerdict,
    /// Heights, widths, outline.
    pub proportion: CheckVerdict,
    /// Face, hair, clothes and what is carried.
    pub features: CheckVerdict,
    /// How it is drawn.
    pub style: CheckVerdict,
}

/// What one check says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum CheckVerdict {
    /// It was compared.
    Judged(Check),
    /// It cannot be compared: never a fail.
    NotJudged {
        /// Why, in a sentence's words.
        reason: String,
    },
}

/// A judged check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// 0 to 1; a picture compared with itself has 1.
    pub score: f64,
    /// The score is high enough by the measure of the check itself.
    pub passed: bool,
    /// The single measures; 0 is no difference. `None` for one that has no number.
    pub details: BTreeMap<String, Option<f64>>,
    /// What differs.
    pub issues: Vec<Issue>,
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// How much it matters.
    pub severity: Severity,
    /// What differs and by how much.
    pub what: String,
    /// Where in the picture.
    #[serde(rename = "where")]
    pub place: Option<Frame>,
    /// What may help.
    pub suggestion: String,
}

/// From the worst to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// It is another subject.
    Critical,
    /// It is seen at once.
    High,
    /// It is seen beside the reference.
    Medium,
    /// It is hardly seen.
    Low,
}

/// A box in a picture, as shares of its width and height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Of the box.
    pub width: f64,
    /// Of the box.
    pub height: f64,
}

impl Checks {
    /// Each with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &CheckVerdict); 4] {
        let Self { color, proportion, features, style } = self;
        [("color", color), ("proportion", proportion), ("features", features), ("style", style)]
    }

    /// The check `name`.
    #[must_use]
    pub fn verdict(&self, name: &str) -> Option<&CheckVerdict> {
        self.named().into_iter().find(|(check, _)| *check == name).map(|(_, verdict)| verdict)
    }
}

impl CheckVerdict {
    /// The score, where there is one.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        match self {
            Self::Judged(check) => Some(check.score),
            Self::NotJudged { .. } => None,
        }
    }

    /// What differs.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        match self {
            Self::Judged(check) => &check.issues,
            Self::NotJudged { .. } => &[],
        }
    }
}

impl Frame {
    /// Left, top, width and height.
    #[must_use]
    pub fn bounds(self) -> [f64; 4] {
        [self.x, self.y, self.width, self.height]
    }
}
