//! What vision found, as a report says it, and what of it counts.

use likeness_domain::report::{
    CheckType,
    content::{
        AngleContent, AngleIssue, Check, CheckVerdict, CheckedPair, Checks, Facing, Frame, Issue, Mistake, SetContent,
        Severity, Sides, SlotState,
    },
};
use likeness_vision::{consistency, scene};

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
    pub(crate) fn of(report: &consistency::Report, check: CheckType, threshold: f64) -> Self {
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

/// A judged set; what vision does not know of it is left empty.
pub(crate) fn set(report: consistency::SetReport) -> SetContent {
    let consistency::SetReport { overall, color, proportion, feature, style, passed, angles, issues } = report;
    let angle = |angle: consistency::AngleReport| AngleContent {
        angle: angle.angle,
        passed: angle.passed,
        score: angle.score,
        report: pair(angle.report),
        orientation: facing(angle.orientation),
    };
    let of_angle = |found: consistency::AngleIssue| AngleIssue {
        angle: found.angle,
        check: found.check.to_owned(),
        issue: issue(found.issue),
    };
    SetContent {
        overall,
        color,
        proportion,
        feature,
        style,
        passed,
        angles: angles.into_iter().map(angle).collect(),
        issues: issues.into_iter().map(of_angle).collect(),
        ..SetContent::default()
    }
}

/// Two figures compared.
pub(crate) fn pair(report: consistency::Report) -> CheckedPair {
    let consistency::Report { overall, passed, color, proportion, features, style, recommendations } = report;
    let checks = Checks {
        color: verdict(color),
        proportion: verdict(proportion),
        features: verdict(features),
        style: verdict(style),
    };
    CheckedPair { overall, passed, checks, recommendations }
}

/// The checks of a reference in a scene.
pub(crate) fn of_slot(checks: scene::SlotChecks) -> Checks {
    let scene::SlotChecks { color, proportion, features, style } = checks;
    Checks {
        color: verdict(color),
        proportion: verdict(proportion),
        features: verdict(features),
        style: verdict(style),
    }
}

fn verdict(verdict: consistency::Verdict) -> CheckVerdict {
    match verdict {
        consistency::Verdict::Judged(check) => {
            // JSON has no word for what is no number.
            let details = check.details.into_iter().map(|(name, value)| (name, Some(value).filter(|v| v.is_finite())));
            CheckVerdict::Judged(Check {
                score: check.score,
                passed: check.passed,
                details: details.collect(),
                issues: check.issues.into_iter().map(issue).collect(),
            })
        }
        consistency::Verdict::NotJudged { reason } => CheckVerdict::NotJudged { reason },
    }
}

pub(crate) fn issue(found: consistency::Issue) -> Issue {
    let severity = match found.severity {
        consistency::Severity::Critical => Severity::Critical,
        consistency::Severity::High => Severity::High,
        consistency::Severity::Medium => Severity::Medium,
        consistency::Severity::Low => Severity::Low,
    };
    Issue { severity, what: found.what, place: found.place.map(frame), suggestion: found.suggestion }
}

pub(crate) fn frame(place: consistency::Evidence) -> Frame {
    let consistency::Evidence { x, y, width, height } = place;
    Frame { x, y, width, height }
}

pub(crate) fn facing(found: consistency::Facing) -> Facing {
    match found {
        consistency::Facing::Plausible { doubt } => Facing::Plausible { doubt },
        consistency::Facing::Wrong { mistake, looks_like, doubt } => {
            let mistake = match mistake {
                consistency::Mistake::FrontForBack => Mistake::FrontForBack,
                consistency::Mistake::Swapped => Mistake::Swapped,
                consistency::Mistake::OtherAngle => Mistake::OtherAngle,
            };
            Facing::Wrong { mistake, looks_like, doubt }
        }
        consistency::Facing::NotJudged { reason } => Facing::NotJudged { reason },
    }
}

pub(crate) fn sides(relation: consistency::Relation) -> Sides {
    match relation {
        consistency::Relation::Same => Sides::Same,
        consistency::Relation::Near => Sides::Near,
        consistency::Relation::Turned => Sides::Turned,
        consistency::Relation::Opposite => Sides::Opposite,
    }
}

pub(crate) fn state(found: scene::SlotState) -> SlotState {
    match found {
        scene::SlotState::Found => SlotState::Found,
        scene::SlotState::Missing => SlotState::Missing,
        scene::SlotState::Swapped { with } => SlotState::Swapped { with },
        scene::SlotState::Blended { with } => SlotState::Blended { with },
        scene::SlotState::NotJudged { reason } => SlotState::NotJudged { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_judged_in_full_does_not_pass() {
        let right = Counted::whole(Some(0.9), 0.7);
        assert_eq!(
            (right.passed, right.if_complete(true).passed, right.if_complete(false).passed),
            (Some(true), Some(true), None)
        );
        // A view that fails is enough.
        assert_eq!(Counted::whole(Some(0.4), 0.7).if_complete(false).passed, Some(false));
        assert_eq!(Counted::whole(None, 0.7), Counted::NOTHING);
        // Another line than the calibrated one.
        assert_eq!(Counted::whole(Some(0.75), 0.8).passed, Some(false));
    }
}
