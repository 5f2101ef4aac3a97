//! What a comparison says: per check a score with its reasons, or why there is none.

use std::collections::BTreeMap;

use super::figure::Figure;
use super::weights::PASS;

/// One check of two figures.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum Verdict {
    /// It was compared.
    Judged(Check),
    /// It cannot be compared: never a fail.
    NotJudged {
        /// Why, in a sentence's words.
        reason: String,
    },
}

impl Verdict {
    /// The score, where there is one.
    pub fn score(&self) -> Option<f64> {
        match self {
            Self::Judged(check) => Some(check.score),
            Self::NotJudged { .. } => None,
        }
    }

    /// Whether it was compared and found different.
    pub fn failed(&self) -> bool {
        matches!(self, Self::Judged(check) if !check.passed)
    }

    pub(super) fn of(score: f64, details: BTreeMap<String, f64>, issue: impl FnOnce() -> Option<Issue>) -> Self {
        let passed = score >= PASS;
        let issues = if passed { Vec::new() } else { issue().into_iter().collect() };
        Self::Judged(Check { score, passed, details, issues })
    }

    pub(super) fn not_judged(reason: &str) -> Self {
        Self::NotJudged { reason: reason.to_owned() }
    }
}

/// A judged check.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// 0-1; a picture compared with itself has 1.
    pub score: f64,
    /// The score is 0.7 or more.
    pub passed: bool,
    /// The single measures; 0 is no difference.
    pub details: BTreeMap<String, f64>,
    /// What differs; empty where the check passed.
    pub issues: Vec<Issue>,
}

/// A difference.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// How much it matters.
    pub severity: Severity,
    /// What differs and by how much: "upper body: hue +38°, expected #6b3e26".
    pub what: String,
    /// Where in the candidate's picture.
    #[serde(rename = "where")]
    pub place: Option<Evidence>,
    /// What may help.
    pub suggestion: String,
}

/// From the worst to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
}

impl Severity {
    pub(super) fn of(score: f64) -> Self {
        match score {
            s if s < 0.25 => Self::Critical,
            s if s < 0.5 => Self::High,
            s if s < 0.7 => Self::Medium,
            _ => Self::Low,
        }
    }
}

/// A box in a picture, as shares of its width and height.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the words say it")]
pub struct Evidence {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Evidence {
    /// A box of the canon (left, top, right, bottom as shares) in the figure's picture.
    pub(super) fn on(figure: &Figure, [left, top, right, bottom]: [f64; 4]) -> Self {
        let [x, y, width, height] = figure.frame;
        let across = |share: f64| (x + share * width).clamp(0.0, 1.0);
        let down = |share: f64| (y + share * height).clamp(0.0, 1.0);
        Self { x: across(left), y: down(top), width: across(right) - across(left), height: down(bottom) - down(top) }
    }
}

/// The checks in the order of a report.
const CHECKS: [&str; 4] = ["color", "proportion", "features", "style"];

/// Two figures compared.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether it is the same figure on the whole; below 0.7 wherever a check fails. `None` where nothing was judged.
    pub overall: Option<f64>,
    /// `overall` is 0.7 or more.
    pub passed: bool,
    /// Colours of skin, hair and clothes.
    pub color: Verdict,
    /// Heights, widths, outline.
    pub proportion: Verdict,
    /// Face, hair, clothes and what is carried.
    pub features: Verdict,
    /// How it is drawn.
    pub style: Verdict,
    /// What may help, the most urgent first, each once.
    pub recommendations: Vec<String>,
}

impl Report {
    /// `whole` is the score on the whole, where there is a model for it; `worst` names the check that speaks most against
    /// the candidate, and what differs, for where it fails although no check does.
    pub(super) fn of(
        mut checks: [Verdict; 4],
        whole: Option<f64>,
        worst: impl FnOnce() -> (&'static str, Option<Issue>),
    ) -> Self {
        let mean = geometric_mean(checks.iter().filter_map(Verdict::score));
        let failed = checks.iter().filter(|verdict| verdict.failed()).filter_map(Verdict::score).reduce(f64::min);
        let overall = mean.map(|mean| whole.unwrap_or(mean)).map(|own| failed.map_or(own, |failed| own.min(failed)));
        let passed = overall.is_some_and(|overall| overall >= PASS);
        if !passed && failed.is_none() && overall.is_some() {
            let (name, issue) = worst();
            let at = CHECKS.iter().position(|check| *check == name).unwrap_or_default();
            if let Verdict::Judged(check) = &mut checks[at] {
                check.issues.extend(issue);
            }
        }
        let [color, proportion, features, style] = checks;
        let verdicts = [&color, &proportion, &features, &style];
        let mut issues: Vec<&Issue> = verdicts.iter().flat_map(|verdict| verdict_issues(verdict)).collect();
        issues.sort_by_key(|issue| issue.severity);
        let mut recommendations: Vec<String> = Vec::new();
        for issue in issues {
            if !recommendations.contains(&issue.suggestion) {
                recommendations.push(issue.suggestion.clone());
            }
        }
        Self { overall, passed, color, proportion, features, style, recommendations }
    }

    /// Each check with its name.
    pub fn checks(&self) -> [(&'static str, &Verdict); 4] {
        [("color", &self.color), ("proportion", &self.proportion), ("features", &self.features), ("style", &self.style)]
    }

    /// What differs, check by check.
    pub fn issues(&self) -> impl Iterator<Item = &Issue> {
        self.checks().into_iter().flat_map(|(_, verdict)| verdict_issues(verdict))
    }
}

fn verdict_issues(verdict: &Verdict) -> &[Issue] {
    match verdict {
        Verdict::Judged(check) => &check.issues,
        Verdict::NotJudged { .. } => &[],
    }
}

pub(super) fn geometric_mean(scores: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = scores.fold((0.0, 0.0), |(sum, count), score| (sum + score.max(1e-6).ln(), count + 1.0));
    (count > 0.0).then(|| (sum / count).exp())
}
