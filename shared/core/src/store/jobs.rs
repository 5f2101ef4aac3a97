//! Jobs with their shots.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Item, Page, Position, Saved, Store, StoreError, Versioned, change::Revised, condition::Record, layout,
    listing::List, reports, shots::ShotItem, to_item, transaction::Transaction,
};
use crate::{
    collection::Collection,
    filing::Relation,
    id::{JobId, ProjectId},
    job::Job,
    report::Report,
    shot::Shot,
};

#[derive(Serialize, Deserialize)]
pub(super) struct JobItem {
    #[serde(flatten)]
    key: layout::Key,
    revision: u64,
    listing_pk: String,
    listing_sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work_sk: Option<String>,
    #[serde(deserialize_with = "Job::read")]
    job: Job,
}

impl JobItem {
    pub(super) fn new(job: &Job, revision: u64) -> Self {
        let due = job.check_at();
        Self {
            key: layout::job(job.id),
            revision,
            listing_pk: layout::jobs_of(&job.project),
            listing_sk: job.id.to_string(),
            work_pk: due.map(|_| layout::DUE_JOBS.to_owned()),
            work_sk: due.map(|due| format!("{}#{}", layout::sortable(due), job.id)),
            job: job.clone(),
        }
    }
}

/// A job and its shots, as they were at one moment each.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    /// The job.
    pub job: Versioned<Job>,
    /// Its shots, by number.
    pub shots: Vec<Versioned<Shot>>,
}

/// A job that has ended, and what comes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finish<'a> {
    /// The job.
    pub job: &'a Job,
    /// The revision that was read.
    pub seen: u64,
    /// The collection that it makes or changes; revision 0 for a new one.
    pub collection: Option<Versioned<Collection>>,
    /// How consistent its images are.
    pub report: Option<&'a Report>,
    /// Whether the same request is answered with it from now on.
    pub cached: Cached,
}

/// How long a finished job answers the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cached {
    /// Never.
    No,
    /// Until then.
    Until(Timestamp),
    /// As long as it is there.
    Forever,
}

impl JobView {
    /// A job that was just accepted.
    #[must_use]
    pub fn accepted(job: Job, shots: Vec<Shot>) -> Self {
        let shots = shots.into_iter().map(|value| Versioned { value, revision: 1 }).collect();
        Self { job: Versioned { value: job, revision: 1 }, shots }
    }

    /// The shots without their revisions.
    #[must_use]
    pub fn plain_shots(&self) -> Vec<Shot> {
        self.shots.iter().map(|shot| shot.value.clone()).collect()
    }
}

impl Store {
    /// Reads a job with its shots.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn job(&self, id: JobId) -> Result<Option<JobView>, StoreError> {
        let items = self.read_partition(&layout::job_partition(id), None).await?;
        let (mut job, mut shots) = (None, Vec::new());
        for item in items {
            if is_shot(&item) {
                shots.push(serde_dynamo::from_item::<_, ShotItem>(item)?.into_versioned());
            } else {
                let item: JobItem = serde_dynamo::from_item(item)?;
                job = Some(Versioned { value: item.job, revision: item.revision });
            }
        }
        Ok(job.map(|job| JobView { job, shots }))
    }

    /// Reads a job without its shots.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn job_alone(&self, job: JobId) -> Result<Option<Versioned<Job>>, StoreError> {
        let item: Option<JobItem> = self.read(layout::job(job)).await?;
        Ok(item.map(|item| Versioned { value: item.job, revision: item.revision }))
    }

    /// The jobs of a project with their shots, newest first.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn jobs_of(
        &self,
        project: &ProjectId,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<JobView>, StoreError> {
        let list =
            List { index: layout::LISTING, partition: "listing_pk", value: layout::jobs_of(project), holding: None };
        let page = self.page_of_keys(&list, after, 0, limit).await?;
        let mut views = Vec::with_capacity(page.items.len());
        for item in self.read_all::<JobItem>(&page.items).await? {
            let shots = self.read_partition(&layout::job_partition(item.job.id), Some(SHOTS)).await?;
            let shots: Vec<ShotItem> = serde_dynamo::from_items(shots)?;
            views.push(JobView {
                job: Versioned { value: item.job, revision: item.revision },
                shots: shots.into_iter().map(ShotItem::into_versioned).collect(),
            });
        }
        Ok(Page { items: views, next: page.next })
    }

    /// Writes a job that has ended over the revision that was read, settles its money, and writes what comes of it.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn finish_job(&self, finish: &Finish<'_>) -> Result<Saved, StoreError> {
        let Finish { job, seen, collection, report, cached } = finish;
        let mut transaction = Transaction::default();
        transaction.replace(Record::Job, to_item(&JobItem::new(job, seen + 1))?, *seen);
        transaction.settle(job);
        if let Some(collection) = collection {
            transaction.write_collection(collection)?;
            let Collection { project, subject, id, .. } = &collection.value;
            transaction.relate(project, subject.as_str(), Relation::Has360Profile, &id.to_string())?;
        }
        if let Some(report) = report {
            transaction.put(reports::item(report)?);
        }
        match cached {
            Cached::No => {}
            Cached::Until(until) => transaction.remember(job, Some(*until))?,
            Cached::Forever => transaction.remember(job, None)?,
        }
        self.saved(transaction).await
    }

    /// Writes an open job with more shots over the revision that was read.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn extend_job(&self, job: &Job, seen: u64, more: &[Shot]) -> Result<Saved, StoreError> {
        let mut transaction = Transaction::default();
        transaction.replace(Record::Job, to_item(&JobItem::new(job, seen + 1))?, seen);
        for shot in more {
            transaction.create(Record::Shot, to_item(&ShotItem::new(shot, 1))?);
        }
        self.saved(transaction).await
    }
}

impl Revised for Job {
    type Id = JobId;

    fn id(&self) -> JobId {
        self.id
    }

    async fn load(store: &Store, id: JobId) -> Result<Option<Versioned<Self>>, StoreError> {
        store.job_alone(id).await
    }

    async fn save(
        store: &Store,
        before: &Versioned<Self>,
        after: &Self,
        more: Transaction,
    ) -> Result<Saved, StoreError> {
        let item = to_item(&JobItem::new(after, before.revision + 1))?;
        store.write_over(Record::Job, item, before.revision, more).await
    }
}

/// How the sort keys of shots begin.
const SHOTS: &str = "SHOT#";

fn is_shot(item: &Item) -> bool {
    item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk.starts_with(SHOTS))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{filing::Relation, job::JobState, subject::VisualSpecifications};

    #[test]
    fn a_job_of_the_first_version_is_read_as_the_master_that_it_was() {
        let kind = json!({
            "subjectType": "prop", "subjectId": "lamp", "description": "a brass lamp with a chipped lens", "style": null,
            "references": ["https://images.example.com/a.png"], "seed": 7, "variations": 1, "negativePrompt": "hat",
            "model": "flux-dev", "specifications": {}
        });
        let job = json!({
            "id": "job_01jd0000000000000000000000", "project": "isle", "kind": { "master": kind }, "created_by": "ada",
            "created_at": "2026-11-20T07:00:00Z", "shots": 1, "reserved": 25_000, "ignored": [],
            "state": { "open": { "check_at": "2026-11-20T07:02:00Z" } }
        });
        let item = json!({
            "pk": "JOB#01jd0000000000000000000000", "sk": "JOB", "revision": 1, "listing_pk": "PROJECT#isle#JOBS",
            "listing_sk": "job_01jd0000000000000000000000", "work_pk": "DUE_JOBS", "work_sk": "2026", "job": job
        });
        let read: JobItem = serde_dynamo::from_item(to_item(&item).unwrap()).unwrap();
        let Job { filing, state, .. } = read.job;
        assert_eq!(filing.folder, "projects/isle/references/lamp");
        assert_eq!(filing.owner, Some(("lamp".to_owned(), Relation::HasMasterReference)));
        assert_eq!(
            (filing.subject, filing.specifications),
            (Some("lamp".parse().unwrap()), VisualSpecifications::default())
        );
        assert!(matches!(state, JobState::Open { canceled: None, .. }));
    }
}
