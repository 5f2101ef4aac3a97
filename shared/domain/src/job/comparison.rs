//! What is compared before a job ends, and what the job comes to where comparing never succeeds.

use super::Job;
use crate::{
    failure::{Failure, FailureCode},
    id::{CollectionId, MediaId},
    image_ref::ImageRef,
    kind::{Completeness, Kind, Verification, composite::Sought},
    report::Verified,
    shot::Shot,
    subject::SubjectType,
};

/// What is compared before a job ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison<'a> {
    /// Nothing.
    Nothing,
    /// The views that the job made, with the image that they were made from.
    Views {
        /// That image.
        master: &'a ImageRef,
    },
    /// A view that was made anew, among the others of its collection.
    View {
        /// The collection.
        collection: CollectionId,
        /// From where the view shows its subject.
        angle: u16,
        /// The new image.
        image: &'a MediaId,
    },
    /// Scenes, with the references that should be found in each of them.
    Scenes {
        /// Those references.
        cast: Vec<Sought<'a>>,
    },
    /// What the request names.
    Sides(&'a Verification),
}

impl Job {
    /// What is compared of what the settled `shots` made. Nothing in a job that made too little, nor in a comparison
    /// that was canceled.
    #[must_use]
    pub fn comparison<'a>(&'a self, shots: &'a [Shot]) -> Comparison<'a> {
        match &self.kind {
            _ if self.kind.judge(shots) == Completeness::Failed => Comparison::Nothing,
            Kind::Verification(_) if self.is_cancel_requested() => Comparison::Nothing,
            Kind::Verification(verification) => Comparison::Sides(verification),
            // The checks of views are about people and their clothes.
            Kind::Profile(_) | Kind::Regeneration(_)
                if self.storage_plan.subject_type != Some(SubjectType::Character) =>
            {
                Comparison::Nothing
            }
            Kind::Profile(profile) => Comparison::Views { master: &profile.master },
            Kind::Regeneration(again) => {
                let image = shots.iter().flat_map(Shot::media).next();
                match (again.collection, again.recipe.angle, image) {
                    (Some(collection), Some(angle), Some(image)) => Comparison::View { collection, angle, image },
                    (None, _, _) | (_, None, _) | (_, _, None) => Comparison::Nothing,
                }
            }
            Kind::Composite(composite) => Comparison::Scenes { cast: composite.sought(&self.storage_plan.slots) },
            Kind::Master(_) | Kind::Portrait(_) => Comparison::Nothing,
        }
    }

    /// Whether it was made for the verdict, or pays for what the verdict decides: without one it needs a review.
    #[must_use]
    pub fn needs_verdict(&self) -> bool {
        match &self.kind {
            Kind::Verification(_) => true,
            Kind::Profile(profile) => profile.reroll_budget.is_some(),
            Kind::Master(_) | Kind::Portrait(_) | Kind::Composite(_) | Kind::Regeneration(_) => false,
        }
    }

    /// What the job goes by where comparing failed too often: what was made is kept, and has to be looked at.
    #[must_use]
    pub fn never_compared(&self) -> Verified {
        match self.kind {
            Kind::Verification(_) => Verified {
                failure: Some(Failure::new(
                    FailureCode::ImageUnreachable,
                    "the images could not be compared, many times",
                )),
                ..Verified::default()
            },
            Kind::Profile(_) | Kind::Regeneration(_) | Kind::Composite(_) => {
                Verified { doubtful: true, ..Verified::default() }
            }
            Kind::Master(_) | Kind::Portrait(_) => Verified::default(),
        }
    }
}
