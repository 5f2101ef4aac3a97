//! How consistent the views of a profile are, beside its images.

use likeness_domain::{
    id::ReportId,
    report::{
        Report, ReportVerdict,
        content::{AttemptContent, Content, SetContent, UnjudgedView},
    },
};
use serde::Serialize;

use crate::{
    app::App,
    problem::ApiError,
    views::{check::IssueView, report::SheetView},
};

/// The report of a profile, shortened. Scores are 0 to 1, `null` where nothing could be judged.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsistencyView {
    report_id: ReportId,
    overall: Option<f64>,
    color: Option<f64>,
    proportion: Option<f64>,
    feature: Option<f64>,
    style: Option<f64>,
    #[serde(flatten)]
    in_first_words: FirstWords,
    /// `passed`, `failed`, or `notJudged` with its reason.
    verdict: ReportVerdict,
    passed: Option<bool>,
    threshold: f64,
    /// The worst first.
    issues: Vec<IssueView>,
    /// Everything that was made, also what is not shown.
    attempts: Vec<AttemptContent>,
    not_judged: Vec<UnjudgedView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_judged_reason: Option<String>,
    #[serde(flatten)]
    sheet: SheetView,
}

/// The same scores by the names of the first specification.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FirstWords {
    overall_score: Option<f64>,
    color_consistency: Option<f64>,
    proportion_consistency: Option<f64>,
    feature_consistency: Option<f64>,
}

impl ConsistencyView {
    /// `None` for a report of anything else than views.
    pub(crate) async fn new(app: &App, report: &Report) -> Result<Option<Self>, ApiError> {
        let set = match &report.content {
            Content::Set(set) => set.as_ref().clone(),
            Content::Pair(_) | Content::Scene(_) => return Ok(None),
        };
        let SetContent { color, proportion, feature, style, issues, not_judged, attempts, not_judged_reason, .. } = set;
        Ok(Some(Self {
            report_id: report.id,
            overall: report.overall,
            color,
            proportion,
            feature,
            style,
            in_first_words: FirstWords {
                overall_score: report.overall,
                color_consistency: color,
                proportion_consistency: proportion,
                feature_consistency: feature,
            },
            verdict: report.verdict(),
            passed: report.passed,
            threshold: report.threshold,
            issues: issues.iter().map(IssueView::of_angle).collect(),
            attempts,
            not_judged,
            not_judged_reason: report.not_judged.clone().or(not_judged_reason),
            sheet: SheetView::new(app, report).await?,
        }))
    }
}
