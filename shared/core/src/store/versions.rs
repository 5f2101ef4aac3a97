//! Counting the versions of an image.

use aws_sdk_dynamodb::types::ReturnValue;
use serde::Deserialize;

use super::{
    Store, StoreError,
    error::{failed, from_item},
    layout, number,
};
use likeness_domain::id::{CollectionId, ProjectId, ShotId};

/// What versions are counted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// What a shot first made.
    OfShot(ShotId),
    /// What a collection shows from an angle, whichever shot made it.
    OfView(CollectionId, u16),
}

impl Store {
    /// The number of the next version of `of`, after `newest`; the first is 1, so this begins with 2.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn next_version(&self, project: &ProjectId, of: Versions, newest: u32) -> Result<u32, StoreError> {
        #[derive(Deserialize)]
        struct Counter {
            more: u32,
        }
        let key = match of {
            Versions::OfShot(shot) => layout::versions(project, shot),
            Versions::OfView(collection, angle) => layout::versions_of_view(project, collection, angle),
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.clone().into_item()))
            // Those of a view were once counted by its shot, so that a counter may be younger than what it counts.
            .update_expression("SET more = if_not_exists(more, :newest) + :one")
            .expression_attribute_values(":newest", number(newest.saturating_sub(1)))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew);
        let answer = update.send().await.map_err(failed("UpdateItem", key))?;
        let counter: Counter = from_item(answer.attributes.unwrap_or_default())?;
        Ok(counter.more + 1)
    }
}
