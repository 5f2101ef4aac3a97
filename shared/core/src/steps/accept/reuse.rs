//! Whether an earlier job answers a request.

use jiff::Timestamp;

use super::{Acceptor, Planned};
use crate::store::{JobView, StoreError};
use likeness_domain::{id::ProjectId, job::JobStatus, kind::Kind, money::Usd, shot::Shot};

impl Acceptor {
    /// The completed job that was planned the same, if all its images are still there.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn reuse(
        &self,
        project: &ProjectId,
        planned: &Planned,
        now: Timestamp,
    ) -> Result<Option<JobView>, StoreError> {
        let Some(key) = &planned.plan.cache_key else { return Ok(None) };
        let Some(id) = self.store.cached(project, key, now).await? else { return Ok(None) };
        let Some(view) = self.store.job(id).await? else { return Ok(None) };
        if view.job.value.report.is_none() && pays_for_better(&planned.kind) {
            return Ok(None);
        }
        let shots = view.plain_shots();
        let media: Vec<_> = shots.iter().flat_map(Shot::media).cloned().collect();
        let there = self.store.media_of(project, &media).await?.len() == media.len();
        Ok((there && view.job.value.status(&shots) == JobStatus::Completed).then_some(view))
    }
}

/// Whether money is set aside for making again what does not match: what was never compared is no answer then.
fn pays_for_better(kind: &Kind) -> bool {
    match kind {
        Kind::Profile(profile) => profile.reroll_budget.is_some_and(|budget| budget > Usd::ZERO),
        Kind::Master(_) | Kind::Composite(_) | Kind::Portrait(_) | Kind::Regeneration(_) | Kind::Verification(_) => {
            false
        }
    }
}
