//! Admission: the slots, the rate permits and the shot change in one transaction, so that none can leak.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Saved, Store, StoreError, Versioned,
    condition::{Condition, Record, Refused},
    error::{failed, from_item, if_it_held, to_item},
    layout, number,
    shots::ShotItem,
    transaction::{Outcome, Transaction},
};
use likeness_domain::{
    admission::{AdmissionState, Held, RecentSubmits, Refusal, ServedTurns, Stop, Weather},
    id::ShotId,
    shot::{FalRequest, Shot},
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_at_fal: Option<FalRequest>,
}

#[derive(Default, Serialize, Deserialize)]
struct StopItem {
    #[serde(flatten)]
    key: layout::Key,
    #[serde(default)]
    revision: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    struck_at: Option<Timestamp>,
    #[serde(default)]
    stop: Option<Stop>,
    /// Its end, as a number that conditions can compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The shot has the slot and the rate permit.
    Taken,
    /// The shot is no longer waiting.
    ShotGone,
    /// The slot or the permit went to another: look at the admission state again.
    StateMoved,
}

impl Store {
    /// Reads slots, rate permits and stops at one moment.
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
                admission_state.weather = from_item::<StopItem>(item)?.weather();
            } else {
                admission_state.held.extend(from_item::<SlotItem>(item)?.held());
            }
        }
        Ok(admission_state)
    }

    /// Takes `held`'s slot and one rate permit for `after`, which is `before` claimed.
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
            left_at_fal: None,
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
                | Condition::NeverRevised
                | Condition::KeyIsFree { .. }
                | Condition::SlotIsOurs { .. }
                | Condition::ProjectExists
                | Condition::WithinLimits
                | Condition::AnotherOwner
                | Condition::NothingStops { .. } => Err(StoreError::Condition(format!("{condition:?}"))),
            },
        }
    }

    /// How fal takes requests just now.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn weather(&self) -> Result<Weather, StoreError> {
        Ok(self.read::<StopItem>(layout::stop()).await?.map(StopItem::weather).unwrap_or_default())
    }

    /// Notes that fal did not take a submit, and returns how things stand then. Of several that find it out at once one
    /// counts; `probe` does in any case.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub(crate) async fn note_refusal(
        &self,
        refusal: &Refusal,
        probe: bool,
        now: Timestamp,
    ) -> Result<(Saved, Weather), StoreError> {
        loop {
            let item = self.read::<StopItem>(layout::stop()).await?.unwrap_or_default();
            let (revision, weather) = (item.revision, item.weather());
            let Some(next) = weather.after(refusal, probe, now) else { return Ok((Saved::Conflict, weather)) };
            if self.put_weather(&next, revision).await? == Saved::Yes {
                return Ok((Saved::Yes, next));
            }
        }
    }

    /// Takes the right to find out whether fal takes requests again, while the lanes stand still as in `seen`.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn take_probe(&self, seen: &Weather, now: Timestamp) -> Result<Saved, StoreError> {
        let item = self.read::<StopItem>(layout::stop()).await?.unwrap_or_default();
        let (revision, weather) = (item.revision, item.weather());
        if weather != *seen {
            return Ok(Saved::Conflict);
        }
        self.put_weather(&weather.probed(now), revision).await
    }

    /// Stops admission, unless it is stopped.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn stop_lanes(&self, stop: Stop, now: Timestamp) -> Result<Saved, StoreError> {
        let weather = Weather { struck_at: Some(now), stop: Some(stop) };
        self.put_if(to_item(&StopItem::new(&weather, 1))?, Condition::NothingStops { now }).await
    }

    /// Takes the stop away: fal accepted a request.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn open_lanes(&self) -> Result<(), StoreError> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(layout::stop().into_item()));
        // Emptied rather than deleted: no function needs the right to delete.
        let update = update.update_expression("REMOVE stop, until_ms, struck_at ADD revision :one");
        let update = update.expression_attribute_values(":one", number(1));
        update.send().await.map_err(failed("UpdateItem", layout::stop()))?;
        Ok(())
    }

    /// Gives back the slot of an attempt that was given up, which fal has said to be over.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn release(&self, held: &Held) -> Result<(), StoreError> {
        let ours = Condition::SlotIsOurs { shot: held.shot, attempt: held.attempt };
        let slot = layout::slot(held.slot).into_item();
        let mut update = self.client.update_item().table_name(&self.table).set_key(Some(slot));
        for (name, value) in ours.values() {
            update = update.expression_attribute_values(name, value);
        }
        let update = update.update_expression("REMOVE shot, attempt, lease_until_ms, left_at_fal");
        // Where it is another's by now there is nothing to give back.
        let released = update.set_condition_expression(ours.expression().map(str::to_owned)).send().await;
        if_it_held(released, "UpdateItem", layout::slot(held.slot))?;
        Ok(())
    }

    async fn put_weather(&self, weather: &Weather, seen: u64) -> Result<Saved, StoreError> {
        let item = to_item(&StopItem::new(weather, seen + 1))?;
        let as_read = if seen == 0 { Condition::NeverRevised } else { Condition::Unchanged(Record::Weather, seen) };
        self.put_if(item, as_read).await
    }
}

impl StopItem {
    fn new(weather: &Weather, revision: u64) -> Self {
        let Weather { struck_at, stop } = weather.clone();
        let until_ms = stop.as_ref().map(|stop| stop.until.as_millisecond());
        Self { key: layout::stop(), revision, struck_at, stop, until_ms }
    }

    fn weather(self) -> Weather {
        Weather { struck_at: self.struck_at, stop: self.stop }
    }
}

impl SlotItem {
    fn held(self) -> Option<Held> {
        let lease_until = Timestamp::from_millisecond(self.lease_until_ms?).ok()?;
        Some(Held { slot: self.slot, shot: self.shot?, attempt: self.attempt?, lease_until, left: self.left_at_fal })
    }
}
