//! `GET /api/v1/projects/{project}/jobs`: newest first, without their results; by status, type, subject, creator and time.
//!
//! Journey: `tests/it/journeys/callers/lists.rs`.

use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use likeness_core::store::{JobView as Stored, Page, Position};
use likeness_domain::{
    id::{ProjectId, SubjectId, UserId},
    job::{Job, JobStatus},
};
use serde::Deserialize;

use crate::{
    access::{Project, Read},
    app::App,
    problem::{ApiError, FieldError},
    request::{
        page::{Asked, ListName, Listed},
        query::{Query, filter, word},
    },
    views::job::JobView,
};

/// Most jobs that are looked at for one page. Where fewer than were asked for match, the page is short, and its cursor
/// leads on.
const MOST_LOOKED_AT: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListJobs {
    status: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    subject_id: Option<String>,
    created_by: Option<String>,
    created_after: Option<String>,
    created_before: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// What a job has to be.
#[derive(Debug, Default)]
struct Filter {
    status: Option<JobStatus>,
    kind: Option<KindName>,
    subject: Option<SubjectId>,
    created_by: Option<UserId>,
    created_after: Option<Timestamp>,
    created_before: Option<Timestamp>,
}

/// Types of jobs, as answers name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindName {
    Master,
    #[serde(rename = "profile_360", alias = "profile360")]
    Profile,
    Composite,
    Portrait,
    Regeneration,
    Verification,
}

pub(crate) async fn list_jobs(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Query(query): Query<ListJobs>,
) -> Result<Listed<JobView>, ApiError> {
    let filter = Filter::of(&query)?;
    let asked = Asked::of(filter.list(&project.id), query.limit.as_deref(), query.cursor.as_deref())?;
    let page = matching(&app, &project.id, &filter, &asked).await?;
    Ok(asked.answer("jobs", page, |job| JobView::without_result(&job)))
}

/// The next page of those that match. An open job's status is read off its shots, so no index knows it.
async fn matching(app: &App, project: &ProjectId, filter: &Filter, asked: &Asked) -> Result<Page<Stored>, ApiError> {
    let (mut found, mut after, mut looked_at) = (Vec::new(), asked.after.clone(), 0);
    loop {
        let room = asked.limit - found.len();
        let page = app.store.jobs_of(project, after.as_ref(), asked.limit).await?;
        looked_at += page.items.len();
        let past = page.items.iter().any(|job| filter.is_past(&job.job.value));
        let matching: Vec<usize> =
            page.items.iter().enumerate().filter(|(_, job)| filter.holds(job)).map(|(index, _)| index).collect();
        let last_taken = matching.get(room - 1).copied().filter(|last| last + 1 < page.items.len());
        let next = match last_taken {
            // The page ends in the middle of what was read: where that is, only the list knows.
            Some(last) => place_behind(app, project, after.as_ref(), last + 1).await?,
            None => page.next,
        };
        found.extend(
            page.items
                .into_iter()
                .enumerate()
                .filter(|(index, _)| matching.contains(index))
                .map(|(_, job)| job)
                .take(room),
        );
        // What is older than was asked for is never on a later page.
        let next = next.filter(|_| !past || last_taken.is_some());
        if next.is_none() || found.len() == asked.limit || looked_at >= MOST_LOOKED_AT {
            return Ok(Page { items: found, next });
        }
        after = next;
    }
}

/// The place behind the next `count` jobs after `after`.
async fn place_behind(
    app: &App,
    project: &ProjectId,
    after: Option<&Position>,
    count: usize,
) -> Result<Option<Position>, ApiError> {
    Ok(app.store.jobs_of(project, after, count).await?.next)
}

impl Filter {
    fn of(query: &ListJobs) -> Result<Self, ApiError> {
        Ok(Self {
            status: word("status", query.status.as_deref())?,
            kind: word("type", query.kind.as_deref())?,
            subject: filter("subjectId", query.subject_id.as_deref())?,
            created_by: filter("createdBy", query.created_by.as_deref())?,
            created_after: time("createdAfter", query.created_after.as_deref())?,
            created_before: time("createdBefore", query.created_before.as_deref())?,
        })
    }

    fn list(&self, project: &ProjectId) -> ListName {
        ListName::new("jobs", project)
            .where_is("status", self.status.map(JobStatus::as_str))
            .where_is("type", self.kind.map(KindName::as_str))
            .where_is("subjectId", self.subject.as_ref())
            .where_is("createdBy", self.created_by.as_ref())
            .where_is("createdAfter", self.created_after)
            .where_is("createdBefore", self.created_before)
    }

    fn holds(&self, stored: &Stored) -> bool {
        let job = &stored.job.value;
        self.kind.is_none_or(|kind| job.kind.name() == kind.as_str())
            && self.subject.as_ref().is_none_or(|subject| job.storage_plan.subject.as_ref() == Some(subject))
            && self.created_by.as_ref().is_none_or(|user| job.created_by == *user)
            && self.created_after.is_none_or(|after| job.created_at >= after)
            && self.created_before.is_none_or(|before| job.created_at < before)
            && self.status.is_none_or(|status| job.status(&stored.plain_shots()) == status)
    }

    /// Whether the job, and with it every later one of the list, is older than asked for.
    fn is_past(&self, job: &Job) -> bool {
        self.created_after.is_some_and(|after| job.created_at < after)
    }
}

impl KindName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Profile => "profile_360",
            Self::Composite => "composite",
            Self::Portrait => "portrait",
            Self::Regeneration => "regeneration",
            Self::Verification => "verification",
        }
    }
}

fn time(name: &str, value: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    let read = value.map(str::parse).transpose();
    read.map_err(|_| FieldError::query(name, "must be a time with its offset, such as 2027-01-31T12:00:00Z").into())
}
