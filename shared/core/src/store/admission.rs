//! Admission: the slots, the tokens and the shot change in one transaction, so that none can leak.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Saved, Store, StoreError, Versioned,
    condition::{Condition, Record, Refused},
    error::{failed, from_item, to_item},
    layout,
    shots::ShotItem,
    transaction::{Outcome, Transaction},
};
use crate::{
    admission::{AdmissionState, Held, RecentSubmits, ServedTurns, Stop},
    id::ShotId,
    shot::Shot,
};

#[derive(Serialize, Deserialize)]
struct RateItem {
    #[serde(flatten)]
    key: layout::Key,
    revision: u64,
    recent: RecentSubmits,
    served: ServedTurns,
}

#[derive(Serialize, Deserialize)]
struct SlotItem {
    #[serde(flatten)]
    key: layout::Key,
    slot: u16,
    shot: Option<ShotId>,
    attempt: Option<u32>,
    lease_until_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct StopItem {
    #[serde(flatten)]
    key: layout::Key,
    stop: Option<Stop>,
    /// Its end, as a number that conditions can compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The shot has the slot and the token.
    Taken,
    /// The shot is no longer waiting.
    ShotGone,
    /// The slot or the token went to another: look at the admission state again.
    StateMoved,
}

impl Store {
    /// Reads slots, tokens and stops at one moment.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn admission_state(&self) -> Result<AdmissionState, StoreError> {
        let mut admission_state = AdmissionState::default();
        for item in self.read_partition(layout::ADMISSION, None).await? {
            let key: layout::Key = from_item(item.clone())?;
            if key == layout::rate() {
                let rate: RateItem = from_item(item)?;
                (admission_state.recent, admission_state.revision, admission_state.served) =
                    (rate.recent, rate.revision, rate.served);
            } else if key == layout::stop() {
                admission_state.stopped = from_item::<StopItem>(item)?.stop;
            } else {
                admission_state.held.extend(from_item::<SlotItem>(item)?.held());
            }
        }
        Ok(admission_state)
    }

    /// Takes `held`'s slot and one token for `after`, which is `before` claimed.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn claim(
        &self,
        before: &Versioned<Shot>,
        after: &Shot,
        held: &Held,
        admission_state: &AdmissionState,
        recent: RecentSubmits,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let slot = SlotItem {
            key: layout::slot(held.slot),
            slot: held.slot,
            shot: Some(held.shot),
            attempt: Some(held.attempt),
            lease_until_ms: Some(held.lease_until.as_millisecond()),
        };
        let served = admission_state.served.clone().with(after.rank);
        let rate = RateItem { key: layout::rate(), revision: admission_state.revision + 1, recent, served };
        let mut transaction = Transaction::default();
        transaction.replace(Record::Shot, to_item(&ShotItem::new(after, before.revision + 1))?, before.revision);
        transaction.put_if(to_item(&slot)?, Condition::SlotIsFree { now });
        match admission_state.revision {
            0 => transaction.create(Record::Rate, to_item(&rate)?),
            seen => transaction.replace(Record::Rate, to_item(&rate)?, seen),
        }
        match self.commit(transaction).await? {
            Outcome::Committed => Ok(Claim::Taken),
            Outcome::Refused(Refused { condition, .. }) => match condition {
                Condition::Unchanged(Record::Shot, _) => Ok(Claim::ShotGone),
                Condition::SlotIsFree { .. } | Condition::New(Record::Rate) | Condition::Unchanged(Record::Rate, _) => {
                    Ok(Claim::StateMoved)
                }
                Condition::New(_)
                | Condition::Unchanged(..)
                | Condition::KeyIsFree { .. }
                | Condition::SlotIsOurs { .. }
                | Condition::ProjectExists
                | Condition::AnotherOwner
                | Condition::NothingStops { .. } => Err(StoreError::Condition(format!("{condition:?}"))),
            },
        }
    }

    /// Stops admission: fal refuses us. Of several that find it out, one stops it; to the others it stands still already.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn stop_lanes(&self, stop: Stop, now: Timestamp) -> Result<Saved, StoreError> {
        let until_ms = Some(stop.until.as_millisecond());
        let item = to_item(&StopItem { key: layout::stop(), stop: Some(stop), until_ms })?;
        self.put_if(item, Condition::NothingStops { now }).await
    }

    /// Takes the stop away: fal accepted a request.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn open_lanes(&self) -> Result<(), StoreError> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(layout::stop().into_item()));
        // Emptied rather than deleted: no function needs the right to delete.
        let update = update.update_expression("REMOVE stop, until_ms");
        update.send().await.map_err(failed("UpdateItem", layout::stop()))?;
        Ok(())
    }
}

impl SlotItem {
    fn held(self) -> Option<Held> {
        let lease_until = Timestamp::from_millisecond(self.lease_until_ms?).ok()?;
        Some(Held { slot: self.slot, shot: self.shot?, attempt: self.attempt?, lease_until })
    }
}
