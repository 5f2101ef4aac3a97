//! A workflow as clients see it: its steps with their jobs.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use likeness_core::store::JobView as Stored;
use likeness_domain::{
    id::{JobId, ProjectId, WorkflowId},
    job::JobStatus,
    workflow::{Step, StepState, Workflow, WorkflowState},
};
use serde::Serialize;

use crate::{
    app::App,
    problem::ApiError,
    views::{job::ErrorView, time::Time},
};

/// A workflow.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkflowView {
    workflow_id: WorkflowId,
    project_id: ProjectId,
    status: JobStatus,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Time>,
    /// When its jobs are taken back, and no step begins any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Time>,
    steps: Vec<StepView>,
    links: Links,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StepView {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: JobStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<JobId>,
    progress: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
    /// The steps that have to be done before.
    needs: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
}

impl WorkflowView {
    pub(crate) async fn new(app: &App, workflow: &Workflow) -> Result<Self, ApiError> {
        let jobs = try_join_all(workflow.jobs().map(async |id| app.store.job(id).await)).await?;
        let jobs: HashMap<JobId, Stored> = jobs.into_iter().flatten().map(|job| (job.job.value.id, job)).collect();
        let steps: Vec<StepView> = workflow.steps.iter().map(|step| StepView::new(step, &jobs)).collect();
        let statuses: Vec<JobStatus> = steps.iter().map(|step| step.status).collect();
        Ok(Self {
            workflow_id: workflow.id,
            project_id: workflow.project.clone(),
            status: workflow.status(&statuses),
            created_at: workflow.created_at.into(),
            ended_at: match workflow.state {
                WorkflowState::Ended { at } => Some(at.into()),
                WorkflowState::Open { .. } => None,
            },
            deadline: workflow.deadline.map(Time::from),
            steps,
            links: Links { this: location(&workflow.project, workflow.id) },
        })
    }
}

/// Where a workflow is read.
pub(crate) fn location(project: &ProjectId, workflow: WorkflowId) -> String {
    format!("/api/v1/projects/{project}/workflows/{workflow}")
}

impl StepView {
    fn new(step: &Step, jobs: &HashMap<JobId, Stored>) -> Self {
        let (job_id, dropped) = match &step.state {
            StepState::Pending => (None, None),
            StepState::Begun(job) => (Some(*job), None),
            StepState::NotBegun(failure) => (None, Some(failure)),
        };
        let job = job_id.and_then(|id| jobs.get(&id));
        let shots = job.map(Stored::plain_shots).unwrap_or_default();
        let failure = job.and_then(|job| job.job.value.failure()).or(dropped);
        Self {
            id: step.name.clone(),
            kind: step.kind.name(),
            status: step.status(job.map(|job| job.job.value.status(&shots))),
            job_id,
            progress: match job {
                Some(job) => job.job.value.progress(&shots),
                None if dropped.is_some() => 100,
                None => 0,
            },
            error: failure.map(ErrorView::new),
            needs: step.needs(),
        }
    }
}
