//! A profile judged as a whole: each angle against the master, its neighbours and its opposite, and whether it is the
//! angle that it claims to be.

use super::company::{Company, apart};
use super::figure::Figure;
use super::report::{Issue, Report, Severity, Verdict};
use super::turn::{self, Sides};
use super::verdict::{scores, verdicts};
use super::weights::Weights;

/// What is left of the score of a view from another side.
const WRONG_SIDE: f64 = 0.5;

/// A judged profile.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetReport {
    /// The score of the worst angle: a set is as good as that. `None` where nothing was judged.
    pub overall: Option<f64>,
    /// The mean of the angles' scores.
    pub color: Option<f64>,
    /// The mean of the angles' scores.
    pub proportion: Option<f64>,
    /// The mean of the angles' scores.
    pub feature: Option<f64>,
    /// The mean of the angles' scores.
    pub style: Option<f64>,
    /// `overall` is 0.7 or more.
    pub passed: bool,
    /// In the order given.
    pub angles: Vec<AngleReport>,
    /// Of all angles, the worst first.
    pub issues: Vec<AngleIssue>,
}

/// One angle of a profile.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AngleReport {
    /// In degrees.
    pub angle: u16,
    /// No check failed and the orientation is not wrong.
    pub passed: bool,
    /// That of its report, halved where the orientation is wrong. `None` where nothing was judged.
    pub score: Option<f64>,
    /// All comparisons of this angle in one.
    pub report: Report,
    /// Whether it is the angle that it claims to be.
    pub orientation: Facing,
}

/// From which side a figure is seen.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum Facing {
    /// Nothing speaks against it.
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
        /// By how much it is likelier than the claimed one: above the threshold of its kind.
        doubt: f64,
    },
    /// It cannot be told.
    NotJudged {
        /// Why, in a sentence's words.
        reason: String,
    },
}

/// A wrong orientation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mistake {
    /// A back shows the front.
    FrontForBack,
    /// Left and right are swapped.
    Swapped,
    /// Off by 60 degrees or more in another way.
    OtherAngle,
}

/// An issue of one angle.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AngleIssue {
    /// In degrees.
    pub angle: u16,
    /// `color`, `proportion`, `features`, `style` or `orientation`.
    pub check: &'static str,
    /// What differs.
    #[serde(flatten)]
    pub issue: Issue,
}

/// Judges views of one character with the committed weights. `master` is seen from the front.
pub fn verify_set(master: &Figure, views: &[(u16, Figure)]) -> SetReport {
    verify_set_with(Weights::committed(), master, views)
}

/// Judges with other weights: for calibration.
pub fn verify_set_with(weights: &Weights, master: &Figure, views: &[(u16, Figure)]) -> SetReport {
    let company = Company::of(weights, master, views);
    let scores = scores(weights, &company);
    let reports = verdicts(weights, &company, &scores);
    let sides = turn::sides(&company);
    let angles: Vec<AngleReport> = views
        .iter()
        .zip(reports.into_iter().zip(&sides))
        .map(|((angle, _), (report, sides))| AngleReport::of(*angle, report, facing(weights, sides, *angle)))
        .collect();
    let mean = |of: &dyn Fn(&Report) -> Option<f64>| {
        let scores: Vec<f64> = angles.iter().filter_map(|angle| of(&angle.report)).collect();
        (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
    };
    let (color, proportion) = (mean(&|r| r.color.score()), mean(&|r| r.proportion.score()));
    let (feature, style) = (mean(&|r| r.features.score()), mean(&|r| r.style.score()));
    let overall = angles.iter().filter_map(|angle| angle.score).reduce(f64::min);
    let mut issues: Vec<AngleIssue> = angles.iter().flat_map(issues).collect();
    issues.sort_by_key(|found| found.issue.severity);
    let passed = overall.is_some() && angles.iter().all(|angle| angle.passed);
    SetReport { overall, color, proportion, feature, style, passed, angles, issues }
}

impl AngleReport {
    fn of(angle: u16, report: Report, orientation: Facing) -> Self {
        let wrong = matches!(orientation, Facing::Wrong { .. });
        let score = report.overall.map(|overall| if wrong { WRONG_SIDE * overall } else { overall });
        Self { angle, passed: report.passed && !wrong, score, report, orientation }
    }
}

fn issues(angle: &AngleReport) -> Vec<AngleIssue> {
    let mut found = Vec::new();
    if let Facing::Wrong { mistake, looks_like, .. } = &angle.orientation {
        let what = match mistake {
            Mistake::FrontForBack => format!("orientation: the front is shown in place of {} degrees", angle.angle),
            Mistake::Swapped => "orientation: left and right are swapped".to_owned(),
            Mistake::OtherAngle => format!("orientation: looks like {looks_like} degrees, not {}", angle.angle),
        };
        let suggestion = "generate this angle again with another seed".to_owned();
        let issue = Issue { severity: Severity::Critical, what, place: None, suggestion };
        found.push(AngleIssue { angle: angle.angle, check: "orientation", issue });
    }
    for (check, verdict) in angle.report.checks() {
        if let Verdict::Judged(judged) = verdict {
            found.extend(judged.issues.iter().map(|issue| AngleIssue {
                angle: angle.angle,
                check,
                issue: issue.clone(),
            }));
        }
    }
    found
}

fn facing(weights: &Weights, sides: &Sides, claimed: u16) -> Facing {
    if weights.orientation.measures.is_empty() {
        return Facing::NotJudged { reason: "no model was calibrated for this".to_owned() };
    }
    let claimed = claimed % 360;
    let side = turn::side(&weights.orientation, sides, claimed);
    let ballot = weights.orientation.ballot(sides);
    if side.doubt < ballot.threshold {
        if ballot.mirrored.is_some_and(|line| side.mirrored >= line) {
            return Facing::Wrong { mistake: Mistake::Swapped, looks_like: 360 - claimed, doubt: side.mirrored };
        }
        return Facing::Plausible { doubt: side.doubt };
    }
    let mistake = if apart(claimed, 180) < 80 && apart(side.likeliest, 0) < 80 {
        Mistake::FrontForBack
    } else if apart(360 - claimed, side.likeliest) <= 30 {
        Mistake::Swapped
    } else {
        Mistake::OtherAngle
    };
    Facing::Wrong { mistake, looks_like: side.likeliest, doubt: side.doubt }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::weights::{Ballot, Course, Orientation};
    use super::*;

    /// A surface that lies a little better at 270 degrees than at 90, and a master's word that says nothing.
    fn slightly_left() -> Sides {
        let mut fits = vec![0.0; 24];
        (fits[6], fits[18]) = (0.05, 0.1);
        Sides { rolled: BTreeMap::from([("rollMaster".to_owned(), fits)]), ..Sides::default() }
    }

    fn asking(mirrored: Option<f64>) -> Weights {
        let weights = BTreeMap::from([("rollMaster".to_owned(), 1.0)]);
        let measures = BTreeMap::from([("face".to_owned(), Course::default())]);
        let alone = Ballot { threshold: 2.0, mirrored, weights };
        Weights { orientation: Orientation { measures, alone, ..Orientation::default() }, ..Weights::default() }
    }

    #[test]
    fn the_mirrored_side_is_asked_for_by_a_line_of_its_own() {
        let sides = slightly_left();
        let Facing::Wrong { mistake: Mistake::Swapped, looks_like: 270, doubt } =
            facing(&asking(Some(0.4)), &sides, 90)
        else {
            panic!("not told from its mirror image");
        };
        assert!((doubt - 0.5).abs() < 1e-9, "{doubt}");
        for (line, claimed) in [(Some(0.6), 90), (None, 90), (Some(0.4), 270), (Some(0.4), 0), (Some(0.4), 180)] {
            let found = facing(&asking(line), &sides, claimed);
            assert!(matches!(found, Facing::Plausible { .. }), "{line:?} {claimed}: {found:?}");
        }
    }
}
