//! What a report says in full: what ingest writes when it has compared pictures, and what the API answers with.

mod checks;
mod scene;

use serde::{Deserialize, Serialize};

pub use self::{
    checks::{Check, CheckVerdict, Checks, Frame, Issue, Severity},
    scene::{SceneContent, SceneImage, SceneSlot, SlotState},
};
use super::Judged;
use crate::{id::MediaId, shot::Shot};

/// What was compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Content {
    /// The views of a subject.
    Set(Box<SetContent>),
    /// One picture with another.
    Pair(Box<PairContent>),
    /// Scenes.
    Scene(SceneContent),
}

/// The views of a subject, against the image that they were made from and each other.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetContent {
    /// The score of the worst angle; `None` where nothing was judged.
    pub overall: Option<f64>,
    /// The mean of the angles' scores, as are the next three.
    pub color: Option<f64>,
    /// Heights, widths, outline.
    pub proportion: Option<f64>,
    /// Face, hair, clothes and what is carried.
    pub feature: Option<f64>,
    /// How they are drawn.
    pub style: Option<f64>,
    /// No angle failed, and at least one was judged.
    pub passed: bool,
    /// The views that were judged.
    pub angles: Vec<AngleContent>,
    /// Of all angles, the worst first.
    pub issues: Vec<AngleIssue>,
    /// The views that were not judged, and why.
    pub not_judged: Vec<UnjudgedView>,
    /// Why none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged_reason: Option<String>,
    /// What the front's measured looks differ in from the master's, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub specification_differences: Vec<String>,
    /// Whether the faces are the master's, where that is switched on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faces: Vec<ViewFace>,
    /// Everything that was made, also what is not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptContent>,
}

/// One angle of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AngleContent {
    /// In degrees.
    pub angle: u16,
    /// No check failed and the orientation is not wrong.
    pub passed: bool,
    /// That of its report, lower where the orientation is wrong; `None` where nothing was judged.
    pub score: Option<f64>,
    /// All comparisons of this angle in one.
    pub report: CheckedPair,
    /// Whether it is the angle that it claims to be.
    pub orientation: Facing,
}

/// A view that was not judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnjudgedView {
    /// In degrees.
    pub angle: u16,
    /// Why, in a sentence's words.
    pub reason: String,
}

/// The face of a view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewFace {
    /// In degrees.
    pub angle: u16,
    /// What is said of it.
    #[serde(flatten)]
    pub face: FaceContent,
}

/// One try of an angle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptContent {
    /// In degrees.
    pub angle: u16,
    /// Its image.
    pub media_id: MediaId,
    /// What it was made with.
    pub seed: u64,
    /// 0 to 1; `None` where nothing was judged.
    pub score: Option<f64>,
    /// Nothing speaks against it.
    pub passed: bool,
    /// It is the one that is shown.
    pub chosen: bool,
}

/// One picture against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PairContent {
    /// How the side from which it is seen relates to the reference's.
    pub relation: Sides,
    /// The angle of the view that it was compared with, where it was the most alike of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_angle: Option<u16>,
    /// The checks; absent where nothing was compared.
    #[serde(flatten)]
    pub report: Option<CheckedPair>,
    /// Whether it is seen from where it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orientation: Option<Facing>,
    /// What its measured looks differ in from the reference's, in words; where both are seen from the same side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub specification_differences: Vec<String>,
    /// Whether the face is the reference's, where that is switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face: Option<FaceContent>,
    /// Why it was not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged_reason: Option<String>,
}

/// How two sides from which a subject is seen relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sides {
    /// The same, or as good as.
    Same,
    /// Next to each other.
    Near,
    /// A quarter turn or so.
    Turned,
    /// Front and back.
    Opposite,
}

/// Two figures compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckedPair {
    /// Whether it is the same figure on the whole; below the line wherever a check is. `None` where nothing was judged.
    pub overall: Option<f64>,
    /// No check failed, and at least one was judged.
    pub passed: bool,
    /// The four checks.
    #[serde(flatten)]
    pub checks: Checks,
    /// What may help, the most urgent first, each once.
    pub recommendations: Vec<String>,
}

/// A difference in one angle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AngleIssue {
    /// In degrees.
    pub angle: u16,
    /// `color`, `proportion`, `features`, `style` or `orientation`.
    pub check: String,
    /// What differs.
    #[serde(flatten)]
    pub issue: Issue,
}

/// From which side a figure is seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum Facing {
    /// Nothing speaks against the side that it should be seen from.
    Plausible {
        /// Below the threshold.
        doubt: f64,
    },
    /// Another side is much likelier.
    #[serde(rename_all = "camelCase")]
    Wrong {
        /// What it looks like.
        mistake: Mistake,
        /// The likeliest angle.
        looks_like: u16,
        /// Above the threshold.
        doubt: f64,
    },
    /// It cannot be told.
    NotJudged {
        /// Why, in a sentence's words.
        reason: String,
    },
}

/// A wrong orientation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mistake {
    /// A back shows the front.
    FrontForBack,
    /// Left and right are swapped.
    Swapped,
    /// Off by 60 degrees or more in another way.
    OtherAngle,
}

/// What is said of a face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum FaceContent {
    /// It was compared.
    Judged {
        /// 0 to 1.
        similarity: f64,
        /// It is alike enough.
        passed: bool,
    },
    /// It was not: never a fail.
    NotJudged {
        /// Why.
        reason: String,
    },
}

impl Content {
    /// Why there is no verdict, or none of all of it.
    #[must_use]
    pub fn not_judged_reason(&self) -> Option<String> {
        match self {
            Self::Set(set) => set.not_judged_reason.clone().or_else(|| {
                let (count, UnjudgedView { angle, reason }) = (set.not_judged.len(), set.not_judged.first()?);
                Some(match count {
                    1 => format!("the view from {angle}° was not judged: {reason}"),
                    _ => format!("{count} views were not judged, the first of them from {angle}°: {reason}"),
                })
            }),
            Self::Pair(pair) => pair.not_judged_reason.clone(),
            Self::Scene(scene) => {
                let of_slot = || scene.slots().find_map(|slot| slot.state.reason());
                scene.not_judged_reason().or_else(of_slot).map(str::to_owned)
            }
        }
    }
}

impl Facing {
    /// Whether another side than the right one is much likelier.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong { .. })
    }
}

impl FaceContent {
    /// Whether it was compared and is another's.
    #[must_use]
    pub fn failed(&self) -> bool {
        matches!(self, Self::Judged { passed: false, .. })
    }
}

/// Everything that was made for the angles of a set, of which `chosen` are shown.
#[must_use]
pub fn attempts(chosen: &[&Shot], shots: &[Shot], judged: &[Judged]) -> Vec<AttemptContent> {
    let attempt = |shot: &Shot| {
        let judged = judged.iter().find(|judged| judged.shot == shot.id.ordinal);
        Some(AttemptContent {
            angle: shot.recipe.angle?,
            media_id: shot.media().first()?.clone(),
            seed: shot.recipe.seed,
            score: judged.and_then(|judged| judged.score),
            passed: judged.is_none_or(|judged| judged.passed),
            chosen: chosen.iter().any(|shown| shown.id == shot.id),
        })
    };
    let mut attempts: Vec<AttemptContent> = shots.iter().filter_map(attempt).collect();
    attempts.sort_by_key(|attempt| attempt.angle);
    attempts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    fn checked() -> CheckedPair {
        let issue = Issue {
            severity: Severity::High,
            what: "upper body: hue +38°".to_owned(),
            place: Some(Frame { x: 0.25, y: 0.0, width: 0.5, height: 1.0 }),
            suggestion: "name the colour".to_owned(),
        };
        let details = BTreeMap::from([("hue".to_owned(), Some(0.5)), ("share".to_owned(), None)]);
        let judged = CheckVerdict::Judged(Check { score: 0.25, passed: false, details, issues: vec![issue] });
        let not_judged = || CheckVerdict::NotJudged { reason: "too dark".to_owned() };
        let checks = Checks { color: judged, proportion: not_judged(), features: not_judged(), style: not_judged() };
        CheckedPair { overall: Some(0.25), passed: false, checks, recommendations: vec!["name the colour".to_owned()] }
    }

    fn read_back(content: &Content) -> Value {
        let text = serde_json::to_string(content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&text).unwrap(), *content, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_pair_is_read_as_it_was_written_judged_or_not() {
        let pair = PairContent {
            relation: Sides::Turned,
            matched_angle: Some(90),
            report: Some(checked()),
            orientation: Some(Facing::Wrong { mistake: Mistake::Swapped, looks_like: 270, doubt: 0.9 }),
            specification_differences: Vec::new(),
            face: Some(FaceContent::Judged { similarity: 0.5, passed: false }),
            not_judged_reason: None,
        };
        let json = read_back(&Content::Pair(Box::new(pair.clone())));
        assert_eq!((&json["kind"], &json["color"]["verdict"]), (&json!("pair"), &json!("judged")));
        assert_eq!(json["color"]["issues"][0]["where"]["width"], json!(0.5));
        assert_eq!(json["orientation"]["looksLike"], json!(270));
        let unjudged = PairContent { report: None, not_judged_reason: Some("gone".to_owned()), ..pair };
        let json = read_back(&Content::Pair(Box::new(unjudged)));
        assert_eq!((json.get("color"), &json["notJudgedReason"]), (None, &json!("gone")));
    }

    #[test]
    fn a_set_and_a_scene_are_read_as_they_were_written() {
        let issue = Issue { place: None, ..checked().checks.color.issues()[0].clone() };
        let set = SetContent {
            overall: Some(0.25),
            angles: vec![AngleContent {
                angle: 90,
                passed: false,
                score: None,
                report: checked(),
                orientation: Facing::Plausible { doubt: 0.1 },
            }],
            issues: vec![AngleIssue { angle: 90, check: "color".to_owned(), issue: issue.clone() }],
            not_judged: vec![UnjudgedView { angle: 30, reason: "there is no figure".to_owned() }],
            faces: vec![ViewFace { angle: 90, face: FaceContent::NotJudged { reason: "turned".to_owned() } }],
            ..SetContent::default()
        };
        let content = Content::Set(Box::new(set));
        let json = read_back(&content);
        assert_eq!(
            (&json["issues"][0]["severity"], &json["faces"][0]["verdict"]),
            (&json!("high"), &json!("notJudged"))
        );
        assert_eq!(content.not_judged_reason().unwrap(), "the view from 30° was not judged: there is no figure");

        let slot = SceneSlot {
            slot: "character-0".to_owned(),
            reference: None,
            state: SlotState::Swapped { with: 1 },
            place: None,
            score: None,
            checks: checked().checks,
            issues: vec![issue],
        };
        let image = SceneImage {
            media_id: None,
            slots: vec![slot],
            extra: Vec::new(),
            overall: None,
            passed: false,
            not_judged_reason: None,
        };
        let json = read_back(&Content::Scene(SceneContent { images: vec![image] }));
        assert_eq!(
            (&json["images"][0]["slots"][0]["state"], &json["images"][0]["slots"][0]["with"]),
            (&json!("swapped"), &json!(1))
        );
    }
}
