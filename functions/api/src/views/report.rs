//! A consistency report as clients see it.

use likeness_domain::{
    id::{JobId, MediaId, ReportId, SubjectId},
    report::{CheckType, Report, ReportVerdict, content::Content},
};
use serde::Serialize;

use crate::{
    app::App,
    problem::ApiError,
    views::{
        check::{CheckView, recommendations},
        time::Time,
    },
};

/// A whole report.
#[derive(Debug, Serialize)]
pub(crate) struct ReportView {
    #[serde(flatten)]
    heading: Heading,
    #[serde(flatten)]
    findings: Findings,
}

/// A report in a list.
#[derive(Debug, Serialize)]
pub(crate) struct ListedReport {
    #[serde(flatten)]
    heading: Heading,
    #[serde(flatten)]
    outcome: Outcome,
}

/// What a job says itself, where the report is its result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Heading {
    report_id: ReportId,
    job_id: JobId,
    created_at: Time,
}

/// What was compared, and whether it matches.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    subject_id: Option<SubjectId>,
    /// As the request named it.
    reference_set_id: String,
    /// The images that were judged; not an upload, which is none.
    image_ids: Vec<MediaId>,
    check_type: CheckType,
    threshold: f64,
    /// `passed`, `failed`, or `notJudged` with its reason.
    verdict: ReportVerdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_judged_reason: Option<String>,
    /// `null` where it was not judged.
    passed: Option<bool>,
    overall_consistency: Option<f64>,
}

/// Everything that a report says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Findings {
    #[serde(flatten)]
    outcome: Outcome,
    checks: Vec<CheckView>,
    recommendations: Vec<String>,
    /// As it was written.
    report: Content,
    #[serde(flatten)]
    sheet: SheetView,
}

/// Where the drawn report is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SheetView {
    /// An SVG.
    sheet_url: Option<String>,
    /// When the address ends; absent where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    sheet_url_expires_at: Option<Time>,
}

impl ReportView {
    pub(crate) async fn new(app: &App, report: Report) -> Result<Self, ApiError> {
        Ok(Self { heading: Heading::new(&report), findings: Findings::new(app, report).await? })
    }
}

impl From<Report> for ListedReport {
    fn from(report: Report) -> Self {
        Self { heading: Heading::new(&report), outcome: report.into() }
    }
}

impl Heading {
    fn new(report: &Report) -> Self {
        Self { report_id: report.id, job_id: report.job, created_at: report.created_at.into() }
    }
}

impl From<Report> for Outcome {
    fn from(report: Report) -> Self {
        let verdict = report.verdict();
        Self {
            subject_id: report.subject,
            reference_set_id: report.reference,
            image_ids: report.images,
            check_type: report.check,
            threshold: report.threshold,
            verdict,
            not_judged_reason: report.not_judged,
            passed: report.passed,
            overall_consistency: report.overall,
        }
    }
}

impl Findings {
    pub(crate) async fn new(app: &App, report: Report) -> Result<Self, ApiError> {
        let checks = CheckView::all(&report.content, report.check, report.threshold);
        Ok(Self {
            recommendations: recommendations(&checks),
            checks,
            sheet: SheetView::new(app, &report).await?,
            report: report.content.clone(),
            outcome: report.into(),
        })
    }
}

impl SheetView {
    pub(crate) async fn new(app: &App, report: &Report) -> Result<Self, ApiError> {
        let Some(key) = &report.sheet else { return Ok(Self { sheet_url: None, sheet_url_expires_at: None }) };
        let url = app.bucket.url(key, app.clock.now()).await;
        let url = url.map_err(|error| ApiError::Internal(Box::new(error)))?;
        Ok(Self { sheet_url: Some(url.url), sheet_url_expires_at: url.expires_at.map(Time::from) })
    }
}
