//! Whether the limits let a request through: windows on requests, caps on money.

use jiff::Timestamp;

use super::{Acceptor, Declined, Order, StepOf};
use crate::store::{MeterReading, Taking};
use likeness_domain::{
    limit::{Draw, reached},
    money::Usd,
};

impl Order {
    /// What it takes of what is allowed, where it costs `amount` at most.
    #[must_use]
    pub fn taking(&self, amount: Option<Usd>, now: Timestamp) -> Taking {
        let taking = Taking::new(self.account.clone(), self.allowance.clone(), self.kind.draw(amount), now);
        match self.step_of {
            None => taking,
            // Its workflow counted it, and has set aside what it costs.
            Some(StepOf { held, accepted_at, .. }) => Taking {
                draw: Draw { amount, ..Draw::default() },
                instead_of: held.unwrap_or_default(),
                money_at: accepted_at,
                ..taking
            },
        }
    }
}

impl Acceptor {
    /// Reads what was asked for and spent so far, and sees whether `taking` passes every limit. The transaction that
    /// accepts the request demands the same.
    ///
    /// # Errors
    /// A limit is reached ([`Declined::Exceeded`]), or the table was out of reach.
    pub async fn allowed(&self, taking: Taking, now: Timestamp) -> Result<MeterReading, Declined> {
        // What is free and not counted is never refused.
        if taking.draw == Draw::nothing() {
            return Ok(MeterReading::unlimited(taking, now));
        }
        let reading = self.store.read_meters(taking, now).await?;
        match reading.taking.allowance.check(&reading.taking.draw_beyond(), &reading.meters, now) {
            Ok(()) => Ok(reading),
            Err(exceeded) => Err(Declined::Exceeded { exceeded, reading: Box::new(reading) }),
        }
    }
}

/// Logs each cap of which a threshold was passed by what was read.
pub(super) fn tell_thresholds(reading: &MeterReading) {
    let Taking { account, allowance, .. } = &reading.taking;
    for cap in &allowance.caps {
        let before = reading.meters.committed(cap.of, cap.period);
        let after = before + reading.taking.more();
        let known = reached(cap.most, before).count();
        for percent in reached(cap.most, after).skip(known) {
            tracing::warn!(
                event = "budget_threshold",
                project.id = %account.project,
                user.id = %account.user,
                budget.of = cap.of.as_str(),
                budget.period = cap.period.as_str(),
                budget.cap_usd = cap.most.dollars(),
                budget.committed_usd = after.dollars(),
                budget.percent = percent,
                "a budget has passed a threshold"
            );
        }
    }
}
