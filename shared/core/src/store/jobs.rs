//! Jobs with their shots.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Item, Page, Position, Saved, Store, StoreError, Versioned,
    change::Revised,
    condition::Record,
    error::{failed, from_item, to_item},
    layout,
    listing::List,
    reports,
    shots::ShotItem,
    text,
    transaction::Transaction,
};
use likeness_domain::{
    collection::Collection,
    id::{JobId, ProjectId, ShotId},
    job::Job,
    report::Report,
    shot::Shot,
    storage_plan::Relation,
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
                shots.push(from_item::<ShotItem>(item)?.into_versioned());
            } else {
                let item: JobItem = from_item(item)?;
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

    /// Reads a job and one of its shots, in one call.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn job_with_shot(&self, id: ShotId) -> Result<Option<(Versioned<Job>, Versioned<Shot>)>, StoreError> {
        let found = self.read_items(&[layout::job(id.job), layout::shot(id)], true).await?;
        let Ok([Some(job), Some(shot)]) = <[Option<Item>; 2]>::try_from(found) else { return Ok(None) };
        let job: JobItem = from_item(job)?;
        let shot: ShotItem = from_item(shot)?;
        Ok(Some((Versioned { value: job.job, revision: job.revision }, shot.into_versioned())))
    }

    /// The shots of a job by number if all of them are settled; `None` as soon as one is read that is not. They are
    /// read from the last on, a few at first: shots are sent in the order of their numbers, so that one which is under
    /// way is found soon. To end a job by them it has to be read before, as its revision says that it was not opened
    /// again meanwhile.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn settled_shots(&self, id: JobId) -> Result<Option<Vec<Versioned<Shot>>>, StoreError> {
        let (mut shots, mut limit, mut start) = (Vec::new(), FIRST_SHOTS, None);
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":pk", text(layout::job_partition(id)))
                .expression_attribute_values(":prefix", text(SHOTS))
                .scan_index_forward(false)
                .limit(limit)
                .set_exclusive_start_key(start);
            let answer = query.send().await.map_err(failed("Query", id))?;
            for item in answer.items.unwrap_or_default() {
                let shot = from_item::<ShotItem>(item)?.into_versioned();
                if !shot.value.is_settled() {
                    return Ok(None);
                }
                shots.push(shot);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                shots.reverse();
                return Ok(Some(shots));
            }
            limit = limit.saturating_mul(8);
        }
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
        let jobs: Vec<JobItem> = self.read_all(&page.items).await?;
        // By their keys, a hundred in a call: a query for each job would be as many calls as there are jobs.
        let keys =
            jobs.iter().flat_map(|item| (0..item.job.shots).map(|ordinal| layout::shot(item.job.id.shot(ordinal))));
        let keys: Vec<layout::Key> = keys.collect();
        let mut shots: HashMap<JobId, Vec<Versioned<Shot>>> = HashMap::new();
        for shot in self.read_all::<ShotItem>(&keys).await?.into_iter().map(ShotItem::into_versioned) {
            shots.entry(shot.value.id.job).or_default().push(shot);
        }
        let views = jobs.into_iter().map(|item| JobView {
            shots: shots.remove(&item.job.id).unwrap_or_default(),
            job: Versioned { value: item.job, revision: item.revision },
        });
        let views = views.collect();
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

/// How many shots are looked at first for one that is under way.
const FIRST_SHOTS: i32 = 2;

/// How the sort keys of shots begin.
const SHOTS: &str = "SHOT#";

fn is_shot(item: &Item) -> bool {
    item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk.starts_with(SHOTS))
}
