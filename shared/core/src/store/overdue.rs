//! Records whose time to be looked at has passed.

use jiff::Timestamp;

use super::{Store, StoreError, error::failed, layout, text};
use likeness_domain::id::{JobId, ShotId, WorkflowId};

/// Something that is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    /// A shot.
    Shot(ShotId),
    /// A job that has not ended.
    Job(JobId),
    /// A workflow that has not ended.
    Workflow(WorkflowId),
}

impl Store {
    /// Up to `limit` workflows, as many jobs and as many shots that are due by `now`, of each the longest overdue
    /// first.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn overdue(&self, now: Timestamp, limit: u16) -> Result<Vec<Overdue>, StoreError> {
        // Shots last: fal may have to be asked about each, and take its time.
        let mut overdue = self.overdue_in(layout::DUE_WORKFLOWS, now, limit).await?;
        overdue.extend(self.overdue_in(layout::DUE_JOBS, now, limit).await?);
        overdue.extend(self.overdue_in(layout::DUE, now, limit).await?);
        Ok(overdue)
    }

    async fn overdue_in(&self, partition: &str, now: Timestamp, limit: u16) -> Result<Vec<Overdue>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(layout::WORK)
            .key_condition_expression("work_pk = :due AND work_sk < :now")
            .expression_attribute_values(":due", text(partition))
            // `$` follows `#`: everything of this very millisecond is included.
            .expression_attribute_values(":now", text(format!("{}$", layout::sortable(now))))
            .limit(limit.into());
        let items = query.send().await.map_err(failed("Query", partition))?.items.unwrap_or_default();
        let overdue = items.iter().filter_map(|item| {
            let id = item.get("work_sk")?.as_s().ok()?.split_once('#')?.1;
            let job = id.parse().map(Overdue::Job).or_else(|_| id.parse().map(Overdue::Workflow));
            job.or_else(|_| id.parse().map(Overdue::Shot)).ok()
        });
        Ok(overdue.collect())
    }
}
