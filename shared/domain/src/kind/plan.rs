//! What a kind is planned from and what it comes to: the images that were looked up, the recipes, the price.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::{
    field::Field,
    id::{MediaId, ProjectId, SubjectId},
    image_ref::ImageRef,
    lora::Lora,
    media::Media,
    model::{Model, Size},
    money::Usd,
    person::Person,
    prompt::Wording,
    quote::Line,
    recipe::{Draft, IgnoredParameter, Recipe, Source},
    rng::Rng,
    storage_plan::StoragePlan,
    subject::Subject,
};

/// What was looked up for a request.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// The images that it names.
    pub media: HashMap<MediaId, Media>,
    /// The subjects that it names or that its images show, those that exist.
    pub subjects: HashMap<SubjectId, Subject>,
    /// Whom it shows.
    pub person: Option<Person>,
    /// What that person is known by.
    pub lora: Option<Lora>,
}

/// What planning needs besides the request: where, when, and how this deployment does it.
#[derive(Debug)]
pub struct Setting<'a> {
    /// The project that pays.
    pub project: &'a ProjectId,
    /// When the job is accepted.
    pub now: Timestamp,
    /// Where seeds come from.
    pub rng: &'a Rng,
    /// How prompts are worded.
    pub wording: &'a Wording,
    /// Most shots of one profile in flight at once.
    pub profile_batch: u16,
}

/// What a kind comes to once it is planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// One recipe for each shot.
    pub recipes: Vec<Recipe>,
    /// An upper bound of the cost; `None` when a price is unknown.
    pub quote: Option<Usd>,
    /// What it is made up of.
    pub lines: Vec<Line>,
    /// What was asked for and cannot be had from the model.
    pub ignored: Vec<IgnoredParameter>,
    /// Where the images are filed.
    pub storage_plan: StoragePlan,
    /// Most of its shots in flight at once.
    pub together: Option<u16>,
    /// What makes two requests the same; `None` where none is like another.
    pub cache_key: Option<String>,
    /// The subject that comes into being with the job.
    pub new_subject: Option<Subject>,
}

/// A request that cannot be planned, and what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {detail}")]
pub struct Unfit {
    /// What of the request.
    pub field: Field,
    pub detail: String,
    /// What else there is to change.
    pub also: Vec<Unfit>,
}

impl Unfit {
    /// The `detail` continues a sentence that begins with the field: "is no image of this project".
    #[must_use]
    pub fn new(field: Field, detail: impl Into<String>) -> Self {
        Self { field, detail: detail.into(), also: Vec::new() }
    }

    /// All that was found, as one.
    ///
    /// # Errors
    /// Anything was found.
    pub fn none_of(found: Vec<Self>) -> Result<(), Self> {
        let mut found = found.into_iter();
        match found.next() {
            None => Ok(()),
            Some(mut first) => {
                first.also.extend(found);
                Err(first)
            }
        }
    }

    /// Each by itself.
    pub fn each(mut self) -> impl Iterator<Item = Self> {
        let also = std::mem::take(&mut self.also);
        std::iter::once(self).chain(also)
    }
}

impl Material {
    /// Where the image of `pointer` is, once it was looked up.
    pub(super) fn source(&self, pointer: &ImageRef, place: Field) -> Result<Source, Unfit> {
        match pointer {
            ImageRef::Url(url) => Ok(Source::Url(url.clone())),
            ImageRef::Media(_) | ImageRef::Job(_) | ImageRef::Step { .. } => {
                let media = self.image(pointer).ok_or_else(|| Unfit::new(place, "is no image of this project"))?;
                let (key, sha256) = (media.original.key.clone(), media.original.sha256.clone());
                Ok(Source::Media { id: media.id.clone(), key, sha256 })
            }
        }
    }

    pub(super) fn image(&self, pointer: &ImageRef) -> Option<&Media> {
        pointer.media().and_then(|id| self.media.get(id))
    }

    pub(super) fn subject_of(&self, media: &Media) -> Option<&Subject> {
        media.subject.as_ref().and_then(|subject| self.subjects.get(subject))
    }
}

/// Checks that `count` references are neither more nor fewer than `model` takes.
pub(super) fn check_references(model: &Model, count: usize, place: Field) -> Result<(), Unfit> {
    let most = model.max_references() as usize;
    if count > most {
        let follows_control = |other: &Model| other.control_weights.is_some() || model.control_weights.is_none();
        let more = Model::all().iter();
        let more = more.filter(|other| other.max_references() as usize >= count && follows_control(other));
        let more: Vec<&str> = more.map(|other| other.id.as_str()).collect();
        let instead = if more.is_empty() { String::new() } else { format!("; {} take as many", more.join(", ")) };
        return Err(Unfit::new(place, format!("are {count} images, and {} takes {most}{instead}", model.id)));
    }
    if count == 0 && model.references.as_ref().is_some_and(|references| references.required) {
        return Err(Unfit::new(place, format!("are none, and {} works from an image", model.id)));
    }
    Ok(())
}

/// `wanted` as `model` makes it, and what of it cannot be had. `named` are the parameters that the caller spelled out.
pub(super) fn fitted(
    wanted: &Draft,
    model: &Model,
    named: &[&str],
    material: &Material,
) -> Result<(Recipe, Vec<IgnoredParameter>), Unfit> {
    let mut ignored = wanted.not_taken(model, named);
    let mut recipe = wanted.fitted_to(model);
    if model.size == Size::Input {
        // Its price hangs on the size, which is only known of our own images.
        let input = recipe.references.first().and_then(Source::media).and_then(|id| material.media.get(id));
        let Some(input) = input else {
            let detail = format!("{} makes pictures as large as their input, which must be an image of ours", model.id);
            return Err(Unfit::new(Field::Model, detail));
        };
        if named.contains(&"resolution") && (input.width, input.height) != (wanted.width, wanted.height) {
            let reason = format!("{} makes {} x {} pixels of this", model.id, input.width, input.height);
            ignored.push(IgnoredParameter::new("resolution", reason));
        }
        (recipe.width, recipe.height) = (input.width, input.height);
    }
    Ok((recipe, ignored))
}

/// What makes two requests of a kind the same.
pub(super) fn cache_key(kind: &str, recipes: &[Recipe], seed_was_given: bool, filed_for: &Value) -> String {
    let recipes: Vec<Value> = recipes.iter().map(|recipe| recipe.content(seed_was_given)).collect();
    let content = json!({ "kind": kind, "recipes": recipes, "for": filed_for });
    // The same text in another Unicode normal form is the same request.
    hex::encode(Sha256::digest(content.to_string().nfc().collect::<String>()))
}
