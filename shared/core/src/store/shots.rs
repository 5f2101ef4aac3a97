//! Shots. One write changes a shot, gives back its slot and moves it in the work index, or does nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Saved, Store, StoreError, Versioned,
    change::Revised,
    condition::{Condition, Record, Refused},
    error::{to_item, to_value},
    layout, number,
    transaction::{Outcome, Transaction, saved_unless},
};
use likeness_domain::{
    id::ShotId,
    shot::{FalRequest, ProviderRequest, Shot, Work},
};

#[derive(Serialize, Deserialize)]
pub(super) struct ShotItem {
    #[serde(flatten)]
    key: layout::Key,
    revision: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work_sk: Option<String>,
    shot: Shot,
}

impl ShotItem {
    pub(super) fn new(shot: &Shot, revision: u64) -> Self {
        let (work_pk, work_sk) = match shot.work() {
            Work::Ready(rank) => (
                Some(layout::WAITING.to_owned()),
                Some(format!("{}{}", layout::lane(shot.lane), rank.sort_key(shot.id))),
            ),
            Work::Due(due) => (Some(layout::DUE.to_owned()), Some(format!("{}#{}", layout::sortable(due), shot.id))),
            Work::None => (None, None),
        };
        Self { key: layout::shot(shot.id), revision, work_pk, work_sk, shot: shot.clone() }
    }

    pub(super) fn into_versioned(self) -> Versioned<Shot> {
        Versioned { value: self.shot, revision: self.revision }
    }
}

impl Store {
    /// Reads a shot.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn shot(&self, id: ShotId) -> Result<Option<Versioned<Shot>>, StoreError> {
        Ok(self.read::<ShotItem>(layout::shot(id)).await?.map(ShotItem::into_versioned))
    }
}

impl Revised for Shot {
    type Id = ShotId;

    fn id(&self) -> ShotId {
        self.id
    }

    async fn load(store: &Store, id: ShotId) -> Result<Option<Versioned<Self>>, StoreError> {
        store.shot(id).await
    }

    /// Gives back or extends the slot as the change asks for.
    async fn save(
        store: &Store,
        before: &Versioned<Self>,
        after: &Self,
        more: Transaction,
    ) -> Result<Saved, StoreError> {
        let item = to_item(&ShotItem::new(after, before.revision + 1))?;
        if let Some(change) = slot_change(&before.value, after) {
            let mut transaction = Transaction::default();
            transaction.replace(Record::Shot, item.clone(), before.revision);
            change.write(&mut transaction, &before.value)?;
            transaction.append(more.clone());
            match store.commit(transaction).await? {
                Outcome::Committed => return Ok(Saved::Yes),
                // The lease ran out and another shot has the slot: the shot's own change stands all the same.
                Outcome::Refused(Refused { condition: Condition::SlotIsOurs { .. }, .. }) => {}
                Outcome::Refused(refused) => return saved_unless(refused.condition),
            }
        }
        store.write_over(Record::Shot, item, before.revision, more).await
    }
}

/// What a change of a shot means for its slot.
enum SlotChange<'a> {
    Free(&'a ProviderRequest),
    /// To this time.
    Extend(&'a ProviderRequest, Timestamp),
    /// fal may still have the request: the slot stays taken until it says otherwise, or its lease ends.
    Leave(&'a ProviderRequest, Box<FalRequest>),
}

fn slot_change<'a>(before: &'a Shot, after: &'a Shot) -> Option<SlotChange<'a>> {
    match (before.in_flight(), after.in_flight()) {
        (Some(held), None) => Some(match left_at_fal(after) {
            Some(request) => SlotChange::Leave(held, Box::new(request)),
            None => SlotChange::Free(held),
        }),
        (Some(held), Some(_)) => {
            let (was, is) = (before.slot_lease(), after.slot_lease());
            is.filter(|_| was != is).map(|until| SlotChange::Extend(held, until))
        }
        (None, _) => None,
    }
}

/// How to ask for the last attempt, where it was given up and may still run.
fn left_at_fal(shot: &Shot) -> Option<FalRequest> {
    let last = shot.attempts.last().filter(|attempt| attempt.left_at_fal)?;
    let endpoint = last.recipe.model().ok()?.endpoint.clone();
    Some(FalRequest::documented(last.request_id.as_deref()?, endpoint))
}

impl SlotChange<'_> {
    fn write(&self, transaction: &mut Transaction, shot: &Shot) -> Result<(), StoreError> {
        let ours = Condition::SlotIsOurs { shot: shot.id, attempt: shot.attempt() };
        match self {
            Self::Free(in_flight) => {
                transaction.update_if(layout::slot(in_flight.slot), "REMOVE shot, attempt, lease_until_ms", ours, &[]);
            }
            Self::Extend(in_flight, until) => {
                let until = (":until", number(until.as_millisecond()));
                transaction.update_if(layout::slot(in_flight.slot), "SET lease_until_ms = :until", ours, &[until]);
            }
            Self::Leave(in_flight, request) => {
                let left = (":left", to_value(&**request)?);
                transaction.update_if(layout::slot(in_flight.slot), "SET left_at_fal = :left", ours, &[left]);
            }
        }
        Ok(())
    }
}
