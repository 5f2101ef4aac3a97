//! What an image is a version of, and how its next version is asked for.

use super::Job;
use crate::{
    id::{CollectionId, MediaId, ShotId},
    kind::{Kind, Regeneration, regeneration::Changes},
    recipe::OWN_WORDS,
    shot::Shot,
};

/// What an image is a version of: images that were made of one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The shot that the versions are counted from.
    pub root: ShotId,
    /// The collection that shows the newest one, if there is such a collection.
    pub collection: Option<CollectionId>,
    /// The image that the next version replaces, if there is one.
    pub newest: Option<MediaId>,
}

impl Lineage {
    /// That of what `shot` of `job` made or was to make, as far as the two know.
    #[must_use]
    pub fn of(job: &Job, shot: &Shot) -> Self {
        let made = shot.media().first().cloned();
        match &job.kind {
            Kind::Regeneration(again) => {
                Self { root: again.shot, collection: again.collection, newest: made.or_else(|| again.parent.clone()) }
            }
            Kind::Profile(_) => Self { root: shot.id, collection: Some(job.id.collection()), newest: made },
            Kind::Master(_) | Kind::Composite(_) | Kind::Portrait(_) | Kind::Verification(_) => {
                Self { root: shot.id, collection: None, newest: made }
            }
        }
    }
}

impl Regeneration {
    /// What `shot` of `job` was asked for, with `changes`, as this `version` of `lineage`.
    #[must_use]
    pub fn new(job: &Job, shot: &Shot, lineage: Lineage, version: u32, changes: Changes) -> Self {
        let mut recipe = shot.asked().clone();
        if let Some(prompt) = changes.prompt {
            // No template made it, and none is judged by it.
            (recipe.prompt, recipe.template) = (prompt, OWN_WORDS.to_owned());
        }
        Self {
            shot: lineage.root,
            parent: lineage.newest,
            version,
            collection: lineage.collection,
            recipe,
            storage_plan: job.storage_plan.clone(),
            // What made the image had one.
            lane: shot.lane,
            tuning: changes.tuning,
        }
    }
}
