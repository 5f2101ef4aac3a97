//! Where the characters of a scene are: requirements D1 and D2 for composites.
//!
//! Each reference's coarse colours are slid over the scene at all places and sizes; the best places are settled to a
//! fraction of a cell and measured, all references choose their places together, and small calibrated models
//! (`data/scene.json`) say who is there and how alike. Not here: people whom no reference shows, faces, upper bodies
//! alone, and the things and the place of a scene.

mod find;
mod report;

// From the whole picture to one place.
mod difference;
mod measure;
mod search;
mod settle;

// From places to who is who.
mod assign;
mod blend;

mod ground;
mod place;
mod template;
mod weights;

pub use blend::{Mix, blend};
pub use find::{Wanted, find_in_scene, find_in_scene_with};
pub use measure::{Seen, candidates};
pub use report::{SceneReport, Slot, SlotChecks, SlotState};
pub use weights::{Blending, SceneWeights};

#[cfg(test)]
mod tests;
