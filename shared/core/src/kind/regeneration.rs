//! A regeneration: one image of an earlier job, made anew from its recipe. The earlier image stays; the new one is its
//! next version.

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::{
    filing::Filing,
    id::{CollectionId, MediaId, ShotId},
    lane::Lane,
    recipe::Recipe,
};

/// A request to make one image anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Regeneration {
    /// The shot whose recipe it goes by.
    pub shot: ShotId,
    /// The image that it replaces, where the shot brought one.
    pub parent: Option<MediaId>,
    /// The new image's version.
    pub version: u32,
    /// The collection whose entry of the same angle it replaces.
    pub collection: Option<CollectionId>,
    /// What is sent: the earlier recipe with another seed, and with what the caller changed.
    pub recipe: Recipe,
    /// Where the earlier image is filed.
    pub filing: Filing,
    /// The lane of the earlier job.
    pub lane: Lane,
}

impl Regeneration {
    /// One shot.
    pub(super) fn plan(&self) -> Plan {
        Plan {
            recipes: vec![self.recipe.clone()],
            quote: self.recipe.cost_bound(),
            ignored: Vec::new(),
            filing: self.filing.clone(),
            together: None,
            // Who asks for another image wants another image.
            cache_key: None,
            new_subject: None,
        }
    }
}
