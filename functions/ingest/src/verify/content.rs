//! A report in full, as JSON.

use likeness_core::{
    id::MediaId,
    kind::Profile,
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

impl Content {
    /// Why there is no verdict, or none of all of it.
    pub(crate) fn not_judged_reason(&self) -> Option<String> {
        match self {
            Self::Set(set) => set.not_judged_reason.clone().or_else(|| {
                let first = set.not_judged.first()?;
                let (count, NotJudged { angle, reason }) = (set.not_judged.len(), first);
                Some(match count {
                    1 => format!("the view from {angle}° was not judged: {reason}"),
                    _ => format!("{count} views were not judged, the first of them from {angle}°: {reason}"),
                })
            }),
            Self::Pair(pair) => pair.not_judged_reason.clone(),
            Self::Scene(scene) => scene.not_judged_reason(),
        }
    }
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
        match check {
            CheckType::All => Self::whole(report.overall, threshold),
            CheckType::Color | CheckType::Proportion | CheckType::Features | CheckType::Style => {
                let checks = report.checks().into_iter().filter(|(name, _)| check.counts(name));
                Self::each(checks.filter_map(|(_, verdict)| verdict.score()), threshold)
            }
        }
    }

    /// The one overall figure of a report, which is below its line wherever a check is.
    pub(crate) fn whole(overall: Option<f64>, threshold: f64) -> Self {
        Self { overall, passed: overall.map(|overall| overall >= threshold) }
    }

    /// The same, but without a verdict where part of what was asked for could not be judged.
    pub(crate) fn if_complete(self, complete: bool) -> Self {
        Self { passed: self.passed.filter(|passed| complete || !passed), ..self }
    }

    /// The geometric mean; one below the threshold fails the whole.
    pub(crate) fn each(scores: impl Iterator<Item = f64>, threshold: f64) -> Self {
        let scores: Vec<f64> = scores.collect();
        if scores.is_empty() {
            return Self::NOTHING;
        }
        let mean = scores.iter().map(|score| score.max(1e-6).ln()).sum::<f64>() / scores.len() as f64;
        Self { overall: Some(mean.exp()), passed: Some(scores.iter().all(|score| *score >= threshold)) }
    }
}

/// Everything that was made for the angles of a profile.
pub(crate) fn attempts(profile: &Profile, shots: &[Shot], judged: &[Judged]) -> Vec<AttemptContent> {
    let chosen = profile.chosen(shots, judged);
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
    use super::*;

    #[test]
    fn what_was_not_judged_in_full_does_not_pass() {
        let right = Counted::whole(Some(0.9), 0.7);
        assert_eq!((right.passed, right.if_complete(true).passed, right.if_complete(false).passed), (Some(true), Some(true), None));
        // A view that fails is enough.
        assert_eq!(Counted::whole(Some(0.4), 0.7).if_complete(false).passed, Some(false));
        assert_eq!(Counted::whole(None, 0.7), Counted::NOTHING);
        // Another line than the calibrated one.
        assert_eq!(Counted::whole(Some(0.75), 0.8).passed, Some(false));
    }
}
