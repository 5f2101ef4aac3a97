//! Where fal's bill is not what the table of models says: one item a model, the last such bill.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    error::{failed, from_items, to_item},
    layout,
};
use likeness_domain::{
    money::Usd,
    shot::{AttemptOutcome, Shot, ShotState},
};

/// A bill of fal's that is not what was expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Our name of the model.
    pub model: String,
    /// What fal counted, in the model's own unit.
    pub units: f64,
    /// By the table of models.
    pub expected: Usd,
    /// By fal's count.
    pub billed: Usd,
    /// The shot that it was seen at.
    pub shot: String,
    pub at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct DriftItem {
    #[serde(flatten)]
    key: layout::Key,
    drift: Drift,
}

impl Drift {
    /// Of a shot that was just delivered, where fal told its count and the two differ.
    #[must_use]
    pub fn of(shot: &Shot, at: Timestamp) -> Option<Self> {
        let ShotState::Delivered { delivery, .. } = &shot.state else { return None };
        let units = delivery.billable_units?;
        let brought = shot.attempts.iter().find(|tried| tried.outcome == AttemptOutcome::Delivered)?;
        let model = brought.recipe.model().ok()?;
        let images = u32::try_from(delivery.images.len()).ok()? + delivery.surplus;
        let (expected, billed) = (model.cost(brought.recipe.purchase(images))?, brought.provider_cost?);
        (expected != billed).then(|| Self {
            model: model.id.clone(),
            units,
            expected,
            billed,
            shot: shot.id.to_string(),
            at,
        })
    }
}

impl Store {
    /// Notes it, over the one before.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub(crate) async fn note_drift(&self, drift: &Drift) -> Result<(), StoreError> {
        let item = to_item(&DriftItem { key: layout::drift(&drift.model), drift: drift.clone() })?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map_err(failed("PutItem", layout::drift(&drift.model)))?;
        Ok(())
    }

    /// The last drift of each model that has one.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn drifts(&self) -> Result<Vec<Drift>, StoreError> {
        let items = self.read_partition(layout::DRIFTS, None).await?;
        Ok(from_items::<DriftItem>(items)?.into_iter().map(|item| item.drift).collect())
    }
}
