//! Images that are not made yet, as far as they can be known: what needs one can be planned before it is there.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    id::{MediaId, ProjectId},
    job::Job,
    media::{Media, StoredFile},
    recipe::Recipe,
    shot::Shot,
    storage_plan::StoragePlan,
};

/// The image `id` of a shot that is under way, as far as it can be known.
#[must_use]
pub fn of_shot(job: &Job, shot: &Shot, id: MediaId) -> Media {
    image(id, &job.project, &job.storage_plan, &shot.recipe, job.created_at)
}

/// An image that `recipe` will have made at `now`, filed as `storage_plan` says.
#[must_use]
pub fn image(id: MediaId, project: &ProjectId, storage_plan: &StoragePlan, recipe: &Recipe, now: Timestamp) -> Media {
    // Of its own, so that two images are told apart.
    let file = StoredFile { key: id.to_string(), content_type: String::new(), bytes: 0, sha256: String::new() };
    let shot = id.shot();
    Media {
        id,
        project: project.clone(),
        subject: storage_plan.subject.clone(),
        subject_type: storage_plan.subject_type,
        person: storage_plan.person.clone(),
        image_type: storage_plan.image_type,
        job: shot.job,
        shot,
        created_at: now,
        width: recipe.width,
        height: recipe.height,
        original: file.clone(),
        webp: file.clone(),
        thumbnail: file,
        quality_score: 0.0,
        quality: BTreeMap::new(),
        specifications: storage_plan.specifications.clone(),
        recipe: recipe.clone(),
        request_id: String::new(),
        version: 1,
        parent: None,
        reference_scores: BTreeMap::new(),
        measured: None,
        provider_retried: false,
    }
}
