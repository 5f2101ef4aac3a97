//! The checks of a report one by one, in the words of the first specification.

use std::collections::BTreeMap;

use likeness_domain::report::{
    CheckType,
    content::{
        AngleContent, AngleIssue, Check, CheckVerdict, Content, FaceContent, Facing, Frame, Issue, PairContent,
        SceneContent, SceneSlot, SetContent, Severity, SlotState,
    },
};
use serde::Serialize;

/// A check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CheckView {
    #[serde(rename = "type")]
    check: &'static str,
    /// 0 to 1; of several views or references the mean. `null` where nothing was judged, or where there is no score.
    score: Option<f64>,
    /// `null` where nothing was judged: that is no fail.
    passed: Option<bool>,
    details: String,
    /// The single measures; 0 is no difference.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    measures: BTreeMap<String, Option<f64>>,
    issues: Vec<IssueView>,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct IssueView {
    severity: Severity,
    /// The check that found it, under both its names.
    #[serde(rename = "type")]
    kind: String,
    check: String,
    description: String,
    suggestion: String,
    /// The view, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    angle: Option<u16>,
    /// The reference, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<String>,
    /// Where in the picture: left, top, width and height, as parts of it.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
}

/// What is checked of a scene beside how its figures look.
const PRESENCE: &str = "presence";
/// The four checks of two pictures.
const CHECKS: [&str; 4] = ["color", "proportion", "features", "style"];

impl CheckView {
    /// The checks of `content` that count.
    pub(crate) fn all(content: &Content, asked: CheckType, threshold: f64) -> Vec<Self> {
        let counting = CHECKS.into_iter().filter(|check| asked.counts(check));
        let whole = |_: &Self| asked == CheckType::All;
        match content {
            Content::Pair(pair) => {
                let others = [pair.orientation.as_ref().map(Self::of_facing), pair.face.as_ref().map(Self::of_face)];
                let checks = counting.map(|check| Self::of_pair(check, pair, threshold));
                checks.chain(others.into_iter().flatten().filter(whole)).collect()
            }
            Content::Set(set) => {
                let others = [Self::of_facings(set), Self::of_faces(set)];
                let checks = counting.map(|check| Self::of_views(check, set, threshold));
                checks.chain(others.into_iter().flatten().filter(whole)).collect()
            }
            Content::Scene(scene) => {
                let checks = counting.map(|check| Self::of_slots(check, scene, threshold));
                checks.chain([Self::of_presence(scene)]).collect()
            }
        }
    }

    fn not_judged(check: &'static str, reason: &str) -> Self {
        let (details, measures) = (reason.to_owned(), BTreeMap::new());
        Self { check, score: None, passed: None, details, measures, issues: Vec::new() }
    }

    fn of_pair(check: &'static str, pair: &PairContent, threshold: f64) -> Self {
        match pair.report.as_ref().and_then(|report| report.checks.verdict(check)) {
            Some(CheckVerdict::Judged(Check { score, details, issues, .. })) => {
                let differs: Vec<&str> = issues.iter().map(|issue| issue.what.as_str()).collect();
                let differs = if differs.is_empty() { "nothing marked differs".to_owned() } else { differs.join("; ") };
                Self {
                    check,
                    score: Some(*score),
                    passed: Some(*score >= threshold),
                    details: format!("{score:.2}, at least {threshold:.2} is asked for: {differs}"),
                    measures: details.clone(),
                    issues: issues.iter().map(|issue| IssueView::new(issue, check)).collect(),
                }
            }
            Some(CheckVerdict::NotJudged { reason }) => Self::not_judged(check, reason),
            None => Self::not_judged(check, pair.not_judged_reason.as_deref().unwrap_or("nothing was compared")),
        }
    }

    fn of_views(check: &'static str, set: &SetContent, threshold: f64) -> Self {
        let score =
            |angle: &AngleContent| Some((format!("{}°", angle.angle), angle.report.checks.verdict(check)?.score()?));
        let scores: Vec<_> = set.angles.iter().filter_map(score).collect();
        let reason = set.not_judged_reason.as_deref().unwrap_or("no view could be compared");
        Self { issues: IssueView::of_set(set, check), ..Self::averaged(check, &scores, threshold, reason) }
    }

    fn of_slots(check: &'static str, scene: &SceneContent, threshold: f64) -> Self {
        let slots = || scene.slots().filter_map(|slot| Some((slot, slot.checks.verdict(check)?)));
        let scores: Vec<_> =
            slots().filter_map(|(slot, verdict)| Some((slot.slot.clone(), verdict.score()?))).collect();
        let reason = slots().find_map(|(_, verdict)| match verdict {
            CheckVerdict::Judged(_) => None,
            CheckVerdict::NotJudged { reason } => Some(reason.as_str()),
        });
        let reason = reason.or(scene.not_judged_reason()).unwrap_or("nothing was compared");
        let issues = slots().flat_map(|(slot, verdict)| {
            verdict.issues().iter().map(|issue| IssueView::of_slot(issue, check, slot)).collect::<Vec<_>>()
        });
        Self { issues: issues.collect(), ..Self::averaged(check, &scores, threshold, reason) }
    }

    /// Of several, each with its name: none may be below the threshold.
    fn averaged(check: &'static str, scores: &[(String, f64)], threshold: f64, reason: &str) -> Self {
        if scores.is_empty() {
            return Self::not_judged(check, reason);
        }
        let mean = scores.iter().map(|(_, score)| score).sum::<f64>() / scores.len() as f64;
        let below: Vec<&str> =
            scores.iter().filter(|(_, score)| *score < threshold).map(|(name, _)| name.as_str()).collect();
        let told = if below.is_empty() { "none is below".to_owned() } else { format!("below: {}", below.join(", ")) };
        let count = scores.len();
        let details = format!("{mean:.2} on average of {count}, at least {threshold:.2} is asked for of each: {told}");
        Self { score: Some(mean), passed: Some(below.is_empty()), ..Self::not_judged(check, &details) }
    }

    /// Whether everybody is there, and in their own place.
    fn of_presence(scene: &SceneContent) -> Self {
        let (mut there, mut told, mut issues) = (0, Vec::new(), Vec::new());
        for slot in scene.slots() {
            match &slot.state {
                SlotState::Found => there += 1,
                SlotState::Missing => told.push(format!("{} is missing", slot.slot)),
                SlotState::Swapped { .. } => told.push(format!("{} is in another's place", slot.slot)),
                SlotState::Blended { .. } => told.push(format!("{} looks in part like another", slot.slot)),
                SlotState::NotJudged { .. } => {}
            }
            // Those of the checks are told with them.
            let with_a_check = |issue: &&Issue| {
                CHECKS
                    .iter()
                    .filter_map(|check| slot.checks.verdict(check))
                    .any(|verdict| verdict.issues().contains(issue))
            };
            let own = slot.issues.iter().filter(|issue| !with_a_check(issue));
            issues.extend(own.map(|issue| IssueView::of_slot(issue, PRESENCE, slot)));
        }
        let (passed, details) = match (there, told.is_empty()) {
            (0, true) => (None, scene.not_judged_reason().unwrap_or("nobody could be looked for").to_owned()),
            (_, true) => (Some(true), "all are there".to_owned()),
            (_, false) => (Some(false), told.join("; ")),
        };
        Self { passed, issues, ..Self::not_judged(PRESENCE, &details) }
    }

    fn of_facing(facing: &Facing) -> Self {
        let (passed, details) = match facing {
            Facing::Plausible { .. } => (Some(true), "seen from where it should be".to_owned()),
            Facing::Wrong { looks_like, .. } => (Some(false), format!("looks as if seen from {looks_like}°")),
            Facing::NotJudged { reason } => (None, reason.clone()),
        };
        Self { passed, ..Self::not_judged("orientation", &details) }
    }

    fn of_facings(set: &SetContent) -> Option<Self> {
        let (mut judged, mut wrong) = (false, Vec::new());
        for angle in &set.angles {
            match &angle.orientation {
                Facing::Plausible { .. } => judged = true,
                Facing::Wrong { .. } => wrong.push(angle.angle),
                Facing::NotJudged { .. } => {}
            }
        }
        let (passed, details) = match (judged, wrong.is_empty()) {
            (false, true) => return None,
            (true, true) => (true, "all are seen from where they should be".to_owned()),
            (_, false) => (false, format!("not seen from where they should be: {}", degrees(&wrong))),
        };
        let issues = IssueView::of_set(set, "orientation");
        Some(Self { passed: Some(passed), issues, ..Self::not_judged("orientation", &details) })
    }

    fn of_face(face: &FaceContent) -> Self {
        match face {
            FaceContent::Judged { similarity, passed } => {
                let details = if *passed { "the same face" } else { "another face" };
                Self { score: Some(*similarity), passed: Some(*passed), ..Self::not_judged("face", details) }
            }
            FaceContent::NotJudged { reason } => Self::not_judged("face", reason),
        }
    }

    fn of_faces(set: &SetContent) -> Option<Self> {
        let judged = set.faces.iter().filter_map(|view| match view.face {
            FaceContent::Judged { similarity, passed } => Some((view.angle, similarity, passed)),
            FaceContent::NotJudged { .. } => None,
        });
        let judged: Vec<(u16, f64, bool)> = judged.collect();
        let least = judged.iter().map(|(_, similarity, _)| *similarity).reduce(f64::min)?;
        let others: Vec<u16> = judged.iter().filter(|(.., passed)| !passed).map(|(angle, ..)| *angle).collect();
        let details = if others.is_empty() {
            "the same face wherever one can be seen".to_owned()
        } else {
            format!("another face: {}", degrees(&others))
        };
        Some(Self { score: Some(least), passed: Some(others.is_empty()), ..Self::not_judged("face", &details) })
    }
}

impl IssueView {
    fn new(issue: &Issue, check: &str) -> Self {
        Self {
            severity: issue.severity,
            kind: check.to_owned(),
            check: check.to_owned(),
            description: issue.what.clone(),
            suggestion: issue.suggestion.clone(),
            angle: None,
            slot: None,
            bounds: issue.place.map(Frame::bounds),
        }
    }

    pub(crate) fn of_angle(found: &AngleIssue) -> Self {
        Self { angle: Some(found.angle), ..Self::new(&found.issue, &found.check) }
    }

    fn of_slot(issue: &Issue, check: &str, slot: &SceneSlot) -> Self {
        Self { slot: Some(slot.slot.clone()), ..Self::new(issue, check) }
    }

    fn of_set(set: &SetContent, check: &str) -> Vec<Self> {
        set.issues.iter().filter(|found| found.check == check).map(Self::of_angle).collect()
    }
}

/// What may help, the most urgent first, each once.
pub(crate) fn recommendations(checks: &[CheckView]) -> Vec<String> {
    let mut issues: Vec<&IssueView> = checks.iter().flat_map(|check| &check.issues).collect();
    issues.sort_by_key(|issue| issue.severity);
    let mut each: Vec<String> = Vec::new();
    for issue in issues {
        if !each.contains(&issue.suggestion) {
            each.push(issue.suggestion.clone());
        }
    }
    each
}

fn degrees(angles: &[u16]) -> String {
    let views: Vec<String> = angles.iter().map(|angle| format!("{angle}°")).collect();
    views.join(", ")
}
