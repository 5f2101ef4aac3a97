//! What an ended job leaves behind beside its images: a collection, and the answer to the same request.

use jiff::Timestamp;

use super::{Job, JobState};
use crate::{
    collection::{CollectedView, Collection},
    id::{CollectionId, MediaId},
    kind::{Kind, Profile},
    shot::Shot,
};

/// What becomes of collections when a job ends.
#[derive(Debug, Clone, PartialEq)]
pub enum CollectionChange {
    /// Nothing.
    None,
    /// The job makes one. It may have made it before, if it was opened again.
    Made(Collection),
    /// An entry of one points at a newer version.
    Replaced {
        /// The collection.
        collection: CollectionId,
        /// Which entry.
        angle: u16,
        /// The new image.
        media: MediaId,
        /// Its version.
        version: u32,
    },
}

/// For how long a job answers the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheLifetime {
    /// It does not.
    Never,
    /// Without end.
    Forever,
    /// As long as profiles do in this deployment.
    Profile,
    /// As long as scenes and portraits do.
    Image,
}

impl Job {
    /// What its end, with these settled `shots`, makes or changes.
    #[must_use]
    pub fn collection_change(&self, shots: &[Shot], now: Timestamp) -> CollectionChange {
        match &self.kind {
            Kind::Profile(profile) => match self.views(profile, shots, now) {
                Some(collection) => CollectionChange::Made(collection),
                None => CollectionChange::None,
            },
            Kind::Regeneration(again) => {
                match (again.collection, again.recipe.angle, shots.iter().flat_map(Shot::media).next()) {
                    (Some(collection), Some(angle), Some(media)) => {
                        CollectionChange::Replaced { collection, angle, media: media.clone(), version: again.version }
                    }
                    (None, _, _) | (_, None, _) | (_, _, None) => CollectionChange::None,
                }
            }
            Kind::Master(_) | Kind::Composite(_) | Kind::Portrait(_) | Kind::Verification(_) => CollectionChange::None,
        }
    }

    /// None for a profile that failed: its images are kept, and make no turntable.
    fn views(&self, profile: &Profile, shots: &[Shot], now: Timestamp) -> Option<Collection> {
        if !matches!(self.state, JobState::Completed(_) | JobState::Partial(..)) {
            return None;
        }
        let view = |shot: &Shot| {
            Some(CollectedView { angle: shot.recipe.angle?, media: shot.media().first()?.clone(), version: 1 })
        };
        let mut views: Vec<CollectedView> = profile.chosen(shots, &self.judged).into_iter().filter_map(view).collect();
        views.sort_by_key(|view| view.angle);
        Some(Collection {
            id: self.id.collection(),
            project: self.project.clone(),
            subject: profile.subject.clone(),
            master: profile.master.to_string(),
            job: self.id,
            views,
            created_at: now,
            updated_at: now,
        })
    }

    /// For how long it answers the same request, once it has ended with these `shots`. Only what is complete, and made
    /// as it was asked for, does: a stand-in of the model, fewer steps or a tamer prompt were for once.
    #[must_use]
    pub fn cache_lifetime(&self, shots: &[Shot]) -> CacheLifetime {
        let as_asked = shots.iter().all(|shot| shot.media().is_empty() || shot.recipe == *shot.asked());
        if !matches!(self.state, JobState::Completed(_)) || !as_asked {
            return CacheLifetime::Never;
        }
        match self.kind {
            Kind::Master(_) => CacheLifetime::Forever,
            // The same request again is to bring views that match.
            Kind::Profile(_) if self.needs_review => CacheLifetime::Never,
            Kind::Profile(_) => CacheLifetime::Profile,
            Kind::Composite(_) | Kind::Portrait(_) => CacheLifetime::Image,
            Kind::Regeneration(_) | Kind::Verification(_) => CacheLifetime::Never,
        }
    }
}
