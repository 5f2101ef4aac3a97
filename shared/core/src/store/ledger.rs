//! A project's money of a month: reserved when a job is accepted, settled when it ends, in the same transactions. Beside
//! the two stands what is committed, their sum with what is set aside for the steps of workflows, of the month and of each
//! day: a condition cannot add two attributes.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Store, StoreError, layout,
    meters::{Change, Taking, demand_room},
    number,
    transaction::Transaction,
    update::Update,
};
use likeness_domain::{
    id::ProjectId,
    job::Job,
    limit::{Account, Period, Spender},
    money::Usd,
};

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
    /// Both, and what is set aside for steps that have not begun.
    #[serde(rename = "committed_micros")]
    pub committed: Usd,
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

/// The attribute that holds what is committed of the month or the day that holds `at`.
pub(super) fn committed_name(period: Period, at: Timestamp) -> String {
    match period {
        Period::Month => "committed_micros".to_owned(),
        Period::Day => at.strftime("committed_micros_%d").to_string(),
    }
}

impl Transaction {
    /// Sets the job's reservation aside, where the project's caps allow it.
    pub(super) fn reserve(&mut self, job: &Job, taking: &Taking) {
        let mut update = Update::default();
        match job.reserved {
            Some(amount) => update.add("reserved_micros", number(amount.micros())),
            None => update.add("unpriced", number(1)),
        }
        self.write_ledger(update, taking);
    }

    /// Sets `taking` aside for the steps of a workflow.
    pub(super) fn hold(&mut self, taking: &Taking) {
        self.write_ledger(Update::default(), taking);
    }

    /// Takes back what was charged for `before`, which had ended, and sets aside what it may cost as `after`, in the
    /// month in which it was accepted.
    pub(super) fn unsettle(&mut self, before: &Job, after: &Job, taking: &Taking) {
        let unpriced = u64::from(before.reserved.is_some() && after.reserved.is_none());
        let mut update = Update::default();
        update.add("reserved_micros", number(after.reserved.unwrap_or_default().micros()));
        update.add("settled_micros", negative(before.charged().micros()));
        update.add("jobs", negative(1));
        update.add("unpriced", number(unpriced));
        self.write_ledger(update, taking);
    }

    /// Charges what the job cost and gives back its reservation.
    pub(super) fn settle(&mut self, job: &Job) {
        let (cost, reserved) = (job.charged(), job.reserved.unwrap_or_default());
        let mut update = Update::default();
        update.add("reserved_micros", negative(reserved.micros()));
        update.add("settled_micros", number(cost.micros()));
        update.add("jobs", number(1));
        let change = Change { more: cost, less: reserved };
        commit(&mut update, job.money_at(), &change);
        self.apply(layout::ledger(&job.project, job.money_at()), update);
        self.commit_money(&job.account(), job.money_at(), &change);
    }

    /// Gives back what was set aside for steps that need it no more, with `also` in the same ledger.
    pub(super) fn release(&mut self, account: &Account, at: Timestamp, amount: Usd, mut also: Update) {
        let change = Change { more: Usd::ZERO, less: amount };
        commit(&mut also, at, &change);
        if !also.is_empty() {
            self.apply(layout::ledger(&account.project, at), also);
        }
        self.commit_money(account, at, &change);
    }

    fn write_ledger(&mut self, mut update: Update, taking: &Taking) {
        commit(&mut update, taking.money_at, &taking.change());
        for cap in taking.allowance.caps.iter().filter(|cap| cap.of == Spender::Project && taking.more() > Usd::ZERO) {
            demand_room(&mut update, &committed_name(cap.period, taking.money_at), cap.most, taking.more());
        }
        if !update.is_empty() {
            self.apply(layout::ledger(&taking.account.project, taking.money_at), update);
        }
    }
}

fn commit(update: &mut Update, at: Timestamp, change: &Change) {
    if !change.is_none() {
        for period in Period::ALL {
            update.add(&committed_name(period, at), change.value());
        }
    }
}

fn negative(amount: u64) -> AttributeValue {
    AttributeValue::N(format!("-{amount}"))
}
