//! A report in full, as JSON.

use likeness_core::{
    id::MediaId,
    report::{CheckType, Judged},
    shot::Shot,
};
use likeness_vision::consistency::{Facing, Report, SetReport};
use serde::Serialize;

use super::{face::FaceContent, scene::SceneContent};

/// What a report says.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Content {
    /// Of the views of a subject.
    Set(Box<SetContent>),
    /// Of one picture.
    Pair(Box<PairContent>),
    /// Of scenes.
    Scene(SceneContent),
}

/// The views of a subject.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetContent {
    #[serde(flatten)]
    pub(crate) report: SetReport,
    /// The views that were not judged, and why.
    pub(crate) not_judged: Vec<NotJudged>,
    /// Why none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_judged_reason: Option<String>,
    /// What the front's measured looks differ in from the master's, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) specification_differences: Vec<String>,
    /// Whether the faces are the master's, where that is switched on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) faces: Vec<ViewFace>,
    /// Everything that was made, also what is not shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attempts: Vec<AttemptContent>,
}

/// A view that was not judged.
#[derive(Debug, Serialize)]
pub(crate) struct NotJudged {
    pub(crate) angle: u16,
    pub(crate) reason: String,
}

/// The face of a view.
#[derive(Debug, Serialize)]
pub(crate) struct ViewFace {
    pub(crate) angle: u16,
    #[serde(flatten)]
    pub(crate) face: FaceContent,
}

/// One try of an angle.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttemptContent {
    angle: u16,
    media_id: MediaId,
    seed: u64,
    score: Option<f64>,
    passed: bool,
    /// It is the one that is shown.
    chosen: bool,
}

/// One picture.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PairContent {
    /// `same`, `turned` or `opposite`: how the side from which it is seen relates to the reference's.
    pub(crate) relation: &'static str,
    /// The angle of the view that it was compared with, where it was the most alike of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) matched_angle: Option<u16>,
    #[serde(flatten)]
    pub(crate) report: Option<Report>,
    /// Whether it is seen from where it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) orientation: Option<Facing>,
    /// What its measured looks differ in from the reference's, in words; where both are seen from the same side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) specification_differences: Vec<String>,
    /// Whether the face is the reference's, where that is switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) face: Option<FaceContent>,
    /// Why it was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_judged_reason: Option<String>,
}

/// What counts of a report, by the checks and the threshold that were asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Counted {
    pub(crate) overall: Option<f64>,
    pub(crate) passed: Option<bool>,
}

impl Counted {
    /// Nothing was judged.
    pub(crate) const NOTHING: Self = Self { overall: None, passed: None };

    /// The same, but failed where something else speaks against it.
    pub(crate) fn unless(self, failed: bool) -> Self {
        Self { passed: if failed { Some(false) } else { self.passed }, ..self }
    }

    /// What counts of one comparison.
    pub(crate) fn of(report: &Report, check: CheckType, threshold: f64) -> Self {
        let checks = report.checks().into_iter().filter(|(name, _)| check.counts(name));
        Self::all(checks.filter_map(|(_, verdict)| verdict.score()), threshold)
    }

    /// The geometric mean; one below the threshold fails the whole.
    pub(crate) fn all(scores: impl Iterator<Item = f64>, threshold: f64) -> Self {
        let scores: Vec<f64> = scores.collect();
        if scores.is_empty() {
            return Self::NOTHING;
        }
        let mean = scores.iter().map(|score| score.max(1e-6).ln()).sum::<f64>() / scores.len() as f64;
        Self { overall: Some(mean.exp()), passed: Some(scores.iter().all(|score| *score >= threshold)) }
    }
}

/// Everything that was made for the angles of a set, of which `chosen` are shown.
pub(crate) fn attempts(chosen: &[&Shot], shots: &[Shot], judged: &[Judged]) -> Vec<AttemptContent> {
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
