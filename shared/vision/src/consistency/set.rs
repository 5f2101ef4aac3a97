//! A profile judged as a whole: each angle against the master, its neighbours and its opposite, and whether it is the
//! angle that it claims to be.

use std::collections::BTreeMap;

use super::compare::{Relation, compare_with};
use super::facing;
use super::figure::Figure;
use super::report::{Check, Issue, Report, Severity, Verdict, geometric_mean};
use super::weights::{Orientation, PASS, Weights};

/// A judged profile.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetReport {
    /// The geometric mean of the checks below; `None` where nothing was judged.
    pub overall: Option<f64>,
    /// The mean of the angles' scores.
    pub color: Option<f64>,
    /// The mean of the angles' scores.
    pub proportion: Option<f64>,
    /// The mean of the angles' scores.
    pub feature: Option<f64>,
    /// The mean of the angles' scores.
    pub style: Option<f64>,
    /// No angle failed, and at least one was judged.
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
    let angles: Vec<AngleReport> = (0..views.len()).map(|at| angle(weights, master, views, at)).collect();
    let mean = |of: &dyn Fn(&Report) -> Option<f64>| {
        let scores: Vec<f64> = angles.iter().filter_map(|angle| of(&angle.report)).collect();
        (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
    };
    let (color, proportion) = (mean(&|r| r.color.score()), mean(&|r| r.proportion.score()));
    let (feature, style) = (mean(&|r| r.features.score()), mean(&|r| r.style.score()));
    let overall = geometric_mean([color, proportion, feature, style].into_iter().flatten());
    let mut issues: Vec<AngleIssue> = angles.iter().flat_map(issues).collect();
    issues.sort_by_key(|found| found.issue.severity);
    let passed = overall.is_some() && angles.iter().all(|angle| angle.passed);
    SetReport { overall, color, proportion, feature, style, passed, angles, issues }
}

/// The single measures of orientation: what calibration fits.
pub fn orientation_measures(master: &Figure, candidate: &Figure) -> BTreeMap<String, f64> {
    facing::measures(master, candidate)
}

/// By how much another side is likelier than the claimed one: what the threshold of [`Orientation`] is for.
pub fn doubt(orientation: &Orientation, measures: &BTreeMap<String, f64>, claimed: u16) -> f64 {
    facing::side(orientation, measures, claimed).doubt
}

fn angle(weights: &Weights, master: &Figure, views: &[(u16, Figure)], at: usize) -> AngleReport {
    let (angle, figure) = &views[at];
    let by_master = compare_with(weights, master, figure, Relation::of(f64::from(*angle)));
    let others: Vec<Report> = views
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != at)
        .filter_map(|(_, (other, reference))| {
            let apart = (i32::from(*angle) - i32::from(*other)).rem_euclid(360);
            let near = apart.min(360 - apart) <= 45;
            (near || (170..=190).contains(&apart))
                .then(|| compare_with(weights, reference, figure, Relation::of(f64::from(apart))))
        })
        .collect();
    let merged = |of: &dyn Fn(&Report) -> &Verdict| merge(of(&by_master), others.iter().map(of));
    let report =
        Report::of(merged(&|r| &r.color), merged(&|r| &r.proportion), merged(&|r| &r.features), merged(&|r| &r.style));
    let orientation = orientation(weights, master, figure, *angle);
    let passed = report.passed && !matches!(orientation, Facing::Wrong { .. });
    AngleReport { angle: *angle, passed, report, orientation }
}

/// The master's word and that of the most agreeing other view, in equal parts: a bad neighbour does not spoil a good
/// view, and a view that nobody agrees with is bad.
fn merge<'a>(by_master: &Verdict, others: impl Iterator<Item = &'a Verdict>) -> Verdict {
    let best = others.filter_map(judged).fold(None, |best: Option<&Check>, next| match best {
        Some(best) if best.score >= next.score => Some(best),
        Some(_) | None => Some(next),
    });
    match (judged(by_master), best) {
        (Some(own), Some(best)) => {
            let score = (own.score + best.score) / 2.0;
            let passed = score >= PASS;
            let worse = if own.score <= best.score { own } else { best };
            let issues = if passed { Vec::new() } else { worse.issues.clone() };
            Verdict::Judged(Check { score, passed, details: own.details.clone(), issues })
        }
        (None, Some(only)) => Verdict::Judged(only.clone()),
        (_, None) => by_master.clone(),
    }
}

fn judged(verdict: &Verdict) -> Option<&Check> {
    match verdict {
        Verdict::Judged(check) => Some(check),
        Verdict::NotJudged { .. } => None,
    }
}

fn orientation(weights: &Weights, master: &Figure, figure: &Figure, claimed: u16) -> Facing {
    if weights.orientation.measures.is_empty() {
        return Facing::NotJudged { reason: "no model was calibrated for this".to_owned() };
    }
    let side = facing::side(&weights.orientation, &facing::measures(master, figure), claimed);
    if side.doubt < weights.orientation.threshold {
        return Facing::Plausible { doubt: side.doubt };
    }
    let apart = |a: u16, b: u16| {
        let turned = (i32::from(a) - i32::from(b)).rem_euclid(360);
        turned.min(360 - turned)
    };
    let mistake = if apart(claimed, 180) < 80 && apart(side.likeliest, 0) < 80 {
        Mistake::FrontForBack
    } else if apart((360 - claimed % 360) % 360, side.likeliest) <= 30 {
        Mistake::Swapped
    } else {
        Mistake::OtherAngle
    };
    Facing::Wrong { mistake, looks_like: side.likeliest, doubt: side.doubt }
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
