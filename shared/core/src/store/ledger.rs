//! A project's money of a month: reserved when a job is accepted, settled when it ends, in the same transactions.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Store, StoreError, layout, number, transaction::Transaction};
use likeness_domain::{id::ProjectId, job::Job, money::Usd};

/// The sums of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Set aside for jobs that are open.
    #[serde(rename = "reserved_micros")]
    pub reserved: Usd,
    /// Charged for jobs that ended.
    #[serde(rename = "settled_micros")]
    pub settled: Usd,
    /// Jobs that ended.
    pub jobs: u64,
    /// Jobs whose price was unknown; they are in no sum.
    pub unpriced: u64,
    /// Requests that an earlier job answered.
    pub cache_hits: u64,
}

impl Store {
    /// The sums of the month that holds `at`.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn ledger(&self, project: &ProjectId, at: Timestamp) -> Result<Ledger, StoreError> {
        Ok(self.read(layout::ledger(project, at)).await?.unwrap_or_default())
    }
}

impl Transaction {
    /// Sets the job's reservation aside.
    pub(super) fn reserve(&mut self, job: &Job) {
        let key = layout::ledger(&job.project, job.created_at);
        let (expression, amount) = match job.reserved {
            Some(amount) => ("ADD reserved_micros :amount", number(amount.micros())),
            None => ("ADD unpriced :amount", number(1)),
        };
        self.update(key, expression, &[(":amount", amount)]);
    }

    /// Takes back what was charged for `before`, which had ended, and sets aside what it may cost as `after`, in the
    /// month in which it was accepted.
    pub(super) fn unsettle(&mut self, before: &Job, after: &Job) {
        let charged = before.ending().and_then(|ending| ending.cost).unwrap_or_default();
        let unpriced = u64::from(before.reserved.is_some() && after.reserved.is_none());
        let negative = |amount: u64| AttributeValue::N(format!("-{amount}"));
        self.update(
            layout::ledger(&after.project, after.created_at),
            "ADD reserved_micros :amount, settled_micros :back, jobs :one, unpriced :unpriced",
            &[
                (":amount", number(after.reserved.unwrap_or_default().micros())),
                (":back", negative(charged.micros())),
                (":one", negative(1)),
                (":unpriced", number(unpriced)),
            ],
        );
    }

    /// Charges what the job cost and gives back its reservation.
    pub(super) fn settle(&mut self, job: &Job) {
        let cost = job.ending().and_then(|ending| ending.cost).unwrap_or_default();
        let reserved = job.reserved.unwrap_or_default();
        self.update(
            layout::ledger(&job.project, job.created_at),
            "ADD reserved_micros :back, settled_micros :cost, jobs :one",
            &[
                (":back", AttributeValue::N(format!("-{}", reserved.micros()))),
                (":cost", number(cost.micros())),
                (":one", number(1)),
            ],
        );
    }
}
