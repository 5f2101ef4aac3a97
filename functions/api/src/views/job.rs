//! A job as clients see it, with its result once there is one.

use likeness_core::store::JobView as Stored;
use likeness_domain::{
    failure::Failure,
    id::{JobId, MediaId, ProjectId, ReportId, ShotId, UserId, WorkflowId},
    job::JobStatus,
    money::Usd,
    recipe::IgnoredParameter,
    shot::{Attempt, AttemptOutcome, Shot, ShotState},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    app::App,
    problem::ApiError,
    views::{result::ResultView, time::Time},
};

/// A job with its shots, its cost and, once it has ended, its result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobView {
    pub(crate) job_id: JobId,
    project_id: ProjectId,
    #[serde(rename = "type")]
    kind: &'static str,
    pub(crate) status: JobStatus,
    pub(crate) progress: u32,
    created_by: UserId,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Time>,
    /// When it is taken back if it has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Time>,
    /// When what had failed or was canceled was begun anew, the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    retried_at: Option<Time>,
    cost: Cost,
    /// Why its shots wait although there may be room, if fal takes nothing just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<WaitsFor>,
    ignored_parameters: Vec<IgnoredParameter>,
    shots: Vec<ShotView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<ErrorView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<ResultView>,
    /// An earlier request was the same, and this is its job.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cached: bool,
    /// Something speaks against what it made.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    needs_review: bool,
    /// How consistent its images are.
    #[serde(skip_serializing_if = "Option::is_none")]
    report_id: Option<ReportId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_id: Option<WorkflowId>,
    /// The caller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Value>,
    links: Links,
}

/// Money, in dollars; `null` is unknown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    reserved: Option<f64>,
    settled: Option<f64>,
    /// What fal billed beside it, for pictures that came after they had been given up and made again: not charged.
    #[serde(skip_serializing_if = "is_nothing")]
    paid_twice: Option<f64>,
    /// Why it settled for more than was reserved.
    #[serde(skip_serializing_if = "Option::is_none")]
    above_reserved: Option<f64>,
    currency: &'static str,
}

fn is_nothing(dollars: &Option<f64>) -> bool {
    dollars.is_some_and(|dollars| dollars <= 0.0)
}

/// Why nothing is sent to fal.
#[derive(Debug, Serialize)]
struct WaitsFor {
    reason: String,
    /// When one shot finds out whether that is still so.
    until: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Time>,
}

/// Why something failed.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorView {
    code: &'static str,
    detail: String,
    retryable: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShotView {
    shot_id: ShotId,
    status: &'static str,
    seed: u64,
    attempts: Vec<AttemptView>,
    media_ids: Vec<MediaId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    angle: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptView {
    number: u32,
    model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u32>,
    started_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    fal_request_id: Option<String>,
    outcome: AttemptOutcome,
    provider_cost: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paid_twice: bool,
    /// How many images came that were not asked for; they are not kept, and not charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    surplus_images: Option<u32>,
    /// What fal's content policy named as the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
}

impl JobView {
    pub(crate) async fn new(app: &App, stored: &Stored) -> Result<Self, ApiError> {
        let shots = stored.plain_shots();
        let result = ResultView::new(app, &stored.job.value, &shots).await?;
        let waits = shots.iter().any(|shot| matches!(shot.state, ShotState::Waiting { .. }));
        let stop = if waits { app.store.weather().await?.stop } else { None };
        let waits_for = stop.map(|stop| WaitsFor {
            reason: stop.reason,
            until: stop.until.into(),
            since: stop.since.map(Time::from),
        });
        Ok(Self { result, waits_for, ..Self::without_result(stored) })
    }

    /// For lists: a result takes as many reads as it has images.
    pub(crate) fn without_result(stored: &Stored) -> Self {
        let job = &stored.job.value;
        let shots = stored.plain_shots();
        let ending = job.ending();
        Self {
            job_id: job.id,
            project_id: job.project.clone(),
            kind: job.kind.name(),
            status: job.status(&shots),
            progress: job.progress(&shots),
            created_by: job.created_by.clone(),
            created_at: job.created_at.into(),
            completed_at: ending.map(|ending| ending.at.into()),
            deadline: job.deadline.map(Time::from),
            retried_at: job.retried_at.map(Time::from),
            cost: Cost {
                reserved: job.reserved.map(Usd::dollars),
                settled: ending.and_then(|ending| ending.cost).map(Usd::dollars),
                paid_twice: shots.iter().map(Shot::paid_in_vain).sum::<Option<Usd>>().map(Usd::dollars),
                above_reserved: ending.map(|ending| ending.beyond).filter(|beyond| !beyond.is_zero()).map(Usd::dollars),
                currency: "USD",
            },
            waits_for: None,
            ignored_parameters: job.ignored.clone(),
            shots: shots.iter().map(ShotView::new).collect(),
            error: job.failure().map(ErrorView::new),
            result: None,
            cached: false,
            needs_review: job.needs_review,
            report_id: job.report,
            workflow_id: job.workflow,
            metadata: job.metadata.clone(),
            links: Links { this: location(job.id) },
        }
    }
}

/// Where a job is read.
pub(crate) fn location(job: JobId) -> String {
    format!("/api/v1/jobs/{job}")
}

impl ErrorView {
    pub(crate) fn new(failure: &Failure) -> Self {
        Self { code: failure.code.as_str(), detail: failure.detail.clone(), retryable: failure.code.is_retryable() }
    }
}

impl ShotView {
    fn new(shot: &Shot) -> Self {
        Self {
            shot_id: shot.id,
            status: shot.state.name(),
            seed: shot.recipe.seed,
            attempts: shot.attempts.iter().map(AttemptView::new).collect(),
            media_ids: shot.media().to_vec(),
            angle: shot.recipe.angle,
            error: shot.failure().map(ErrorView::new),
        }
    }
}

impl AttemptView {
    fn new(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            model: attempt.recipe.model.clone(),
            steps: attempt.recipe.steps,
            started_at: attempt.started_at.into(),
            fal_request_id: attempt.request_id.clone(),
            outcome: attempt.outcome.clone(),
            provider_cost: attempt.provider_cost.map(Usd::dollars),
            paid_twice: attempt.paid_twice,
            surplus_images: Some(attempt.surplus).filter(|surplus| *surplus > 0),
            categories: attempt.categories.clone(),
        }
    }
}
