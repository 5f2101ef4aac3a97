//! Jobs with their shots.

use serde::{Deserialize, Serialize};

use super::{
    Item, Saved, Store, StoreError, Versioned, layout,
    shots::ShotItem,
    to_item,
    transaction::{Outcome, Transaction},
};
use crate::{id::JobId, job::Job, shot::Shot};

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

impl JobView {
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

    /// Writes an open job over the revision that was read.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn save_job(&self, job: &Job, seen: u64) -> Result<Saved, StoreError> {
        let mut transaction = Transaction::default();
        transaction.replace(to_item(&JobItem::new(job, seen + 1))?, seen);
        self.saved(transaction).await
    }

    /// Writes a job that has ended over the revision that was read, and settles its money.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn finish_job(&self, job: &Job, seen: u64) -> Result<Saved, StoreError> {
        let mut transaction = Transaction::default();
        transaction.replace(to_item(&JobItem::new(job, seen + 1))?, seen);
        transaction.settle(job);
        self.saved(transaction).await
    }

    pub(super) async fn saved(&self, transaction: Transaction) -> Result<Saved, StoreError> {
        Ok(match self.commit(transaction).await? {
            Outcome::Committed => Saved::Yes,
            Outcome::Refused(_) => Saved::Conflict,
        })
    }
}

fn is_shot(item: &Item) -> bool {
    item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk.starts_with("SHOT#"))
}
