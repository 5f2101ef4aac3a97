//! Counting what is made anew: versions of an image, images of a prompt template.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde::Deserialize;

use super::{Store, StoreError, layout, number, transaction::Transaction};
use crate::id::{CollectionId, ProjectId, ShotId};

/// What a prompt template has brought in a project.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct TemplateTally {
    /// Images.
    pub images: u64,
    /// The sum of their quality scores, in ten-thousandths.
    quality: u64,
}

/// What versions are counted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// What a shot first made.
    OfShot(ShotId),
    /// What a collection shows from an angle, whichever shot made it.
    OfView(CollectionId, u16),
}

impl TemplateTally {
    /// The mean quality score of its images, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "four digits of a mean")]
    pub fn mean_quality(&self) -> Option<f64> {
        (self.images > 0).then(|| self.quality as f64 / 1e4 / self.images as f64)
    }
}

impl Transaction {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most ten images of at most 1")]
    pub(super) fn count_template(&mut self, project: &ProjectId, template: &str, images: AttributeValue, quality: f64) {
        let values = [(":images", images), (":quality", number((quality.max(0.0) * 1e4).round() as u64))];
        self.update(layout::template(project, template), "ADD images :images, quality :quality", None, &values);
    }
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
            .set_key(Some(key.into_item()))
            // Those of a view were once counted by its shot, so that a counter may be younger than what it counts.
            .update_expression("SET more = if_not_exists(more, :newest) + :one")
            .expression_attribute_values(":newest", number(newest.saturating_sub(1)))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew);
        let counter: Counter = serde_dynamo::from_item(update.send().await?.attributes.unwrap_or_default())?;
        Ok(counter.more + 1)
    }

    /// What a prompt template, named as `master-character@1`, has brought.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn template_tally(&self, project: &ProjectId, template: &str) -> Result<TemplateTally, StoreError> {
        Ok(self.read(layout::template(project, template)).await?.unwrap_or_default())
    }
}
