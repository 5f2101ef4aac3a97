//! Opening a job again: job, shots, idempotency key and money in one transaction.

use jiff::Timestamp;

use super::{
    Acceptance, Idempotency, JobView, Store, StoreError,
    condition::Record,
    error::to_item,
    idempotency::{Once, StandsFor},
    jobs::JobItem,
    meters::MeterReading,
    shots::ShotItem,
};
use likeness_domain::{job::Job, shot::Shot};

impl Store {
    /// Writes `job`, open again, and its `waiting` shots over what was read as `before`; its money is reserved instead
    /// of settled. Of two that do so at once one wins (`Conflict` for the other).
    ///
    /// # Errors
    /// The table was out of reach or refused; nothing was opened unless a repetition says so.
    pub async fn reopen_job(
        &self,
        before: &JobView,
        job: &Job,
        waiting: &[Shot],
        idempotency: Option<&Idempotency>,
        reading: &MeterReading,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        let once = Once::new(&job.project, idempotency, StandsFor::Job(job.id), now);
        let mut transaction = once.begin()?;
        let seen = before.job.revision;
        transaction.replace(Record::Job, to_item(&JobItem::new(job, seen + 1))?, seen);
        for shot in &before.shots {
            if let Some(after) = waiting.iter().find(|after| after.id == shot.value.id) {
                transaction.replace(Record::Shot, to_item(&ShotItem::new(after, shot.revision + 1))?, shot.revision);
            }
        }
        transaction.unsettle(&before.job.value, job, &reading.taking);
        transaction.take(reading, now);
        self.commit_once(once, transaction, StandsFor::job).await
    }
}
