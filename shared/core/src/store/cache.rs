//! Finished jobs by what was asked for, so that the same request is answered without paying again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Acceptance, Idempotency, Saved, Store, StoreError, Versioned,
    error::to_item,
    idempotency::{Once, StandsFor},
    layout, number,
    transaction::Transaction,
    update::Update,
};
use likeness_domain::{
    id::{JobId, ProjectId},
    job::Job,
    workflow::Workflow,
};

#[derive(Serialize, Deserialize)]
struct CacheItem {
    #[serde(flatten)]
    key: layout::Key,
    job: JobId,
    /// TTL, Unix seconds; absent for what stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl Transaction {
    /// Remembers what `job` made, until `until` or for ever, over what was remembered before.
    pub(super) fn remember(&mut self, job: &Job, until: Option<Timestamp>) -> Result<(), StoreError> {
        let Some(cache_key) = &job.cache_key else { return Ok(()) };
        let key = layout::cache(&job.project, cache_key);
        self.put(to_item(&CacheItem { key, job: job.id, expires_at: until.map(Timestamp::as_second) })?);
        Ok(())
    }

    fn count_hit(&mut self, project: &ProjectId, now: Timestamp) {
        self.update(layout::ledger(project, now), "ADD cache_hits :one", &[(":one", number(1))]);
    }
}

impl Store {
    /// The finished job that answers a request with this key, if there is one and it has not expired.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn cached(&self, project: &ProjectId, key: &str, now: Timestamp) -> Result<Option<JobId>, StoreError> {
        let item: Option<CacheItem> = self.read(layout::cache(project, key)).await?;
        // TTL deletes late, so expiry is checked here.
        Ok(item.filter(|item| item.expires_at.is_none_or(|end| end > now.as_second())).map(|item| item.job))
    }

    /// Answers a request with the earlier `job`: its idempotency key stands for that job from now on, and the answer is
    /// counted.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn accept_cached(
        &self,
        project: &ProjectId,
        job: JobId,
        idempotency: Option<&Idempotency>,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        let once = Once::new(project, idempotency, StandsFor::Job(job), now);
        let mut transaction = once.begin()?;
        transaction.count_hit(project, now);
        self.commit_once(once, transaction, StandsFor::job).await
    }

    /// Writes a workflow one of whose steps an earlier job answers, counts the answer, and gives back what was set aside
    /// for the step.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub(crate) async fn begin_cached(
        &self,
        before: &Versioned<Workflow>,
        after: &Workflow,
    ) -> Result<Saved, StoreError> {
        let mut transaction = Transaction::default();
        transaction.write_workflow(after, before.revision)?;
        let mut hit = Update::default();
        hit.add("cache_hits", number(1));
        transaction.release(&after.account(), after.created_at, before.value.held() - after.held(), hit);
        self.saved(transaction).await
    }
}
