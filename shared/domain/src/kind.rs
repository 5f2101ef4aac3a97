//! The kinds of image that can be asked for. A closed set: one variant and one file each. A kind says what it needs to
//! know, and then what to send to fal, where the images are filed and when it counts as made.

pub mod composite;
pub mod master;
pub mod portrait;
pub mod profile;
pub mod regeneration;
mod tuning;
pub mod verification;

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

pub use composite::Composite;
pub use master::MasterReference;
pub use portrait::Portrait;
pub use profile::Profile;
pub use regeneration::Regeneration;
pub use tuning::Tuning;
pub use verification::Verification;

use crate::{
    entropy::Entropy,
    failure::Failure,
    field::Field,
    filing::Filing,
    id::{MediaId, ProjectId, SubjectId},
    lane::Lane,
    lora::Lora,
    media::Media,
    model::{Model, Size},
    money::Usd,
    person::Person,
    pointer::ImagePointer,
    prompt::Wording,
    recipe::{Draft, IgnoredParameter, Recipe, Source},
    report::Judged,
    shot::Shot,
    subject::Subject,
};

/// What a job makes, with everything that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one for each job, and never a list of them")]
pub enum Kind {
    /// The definitive picture of a subject.
    Master(MasterReference),
    /// The same subject from all around.
    Profile(Profile),
    /// A scene that puts several together.
    Composite(Composite),
    /// Portraits of a person.
    Portrait(Portrait),
    /// One image of an earlier job, made anew.
    Regeneration(Box<Regeneration>),
    /// Images that are there, compared.
    Verification(Verification),
}

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
    pub entropy: &'a Entropy,
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
    /// What was asked for and cannot be had from the model.
    pub ignored: Vec<IgnoredParameter>,
    /// Where the images are filed.
    pub filing: Filing,
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
    /// What to change.
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

/// A version of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageVersion<'a> {
    /// From 1.
    pub number: u32,
    /// The image that it replaces.
    pub parent: Option<&'a MediaId>,
}

/// How a job with only settled shots counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that was asked for is there.
    Completed,
    /// Enough of it is.
    Partial,
    /// Too little is.
    Failed,
}

impl Kind {
    /// The word for it in requests and answers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Master(_) => "master",
            Self::Profile(_) => "profile_360",
            Self::Composite(_) => "composite",
            Self::Portrait(_) => "portrait",
            Self::Regeneration(_) => "regeneration",
            Self::Verification(_) => "verification",
        }
    }

    /// The queue that carries its work; `None` where nothing is generated.
    #[must_use]
    pub fn lane(&self) -> Option<Lane> {
        match self {
            Self::Master(_) => Some(Lane::Master),
            Self::Profile(_) => Some(Lane::Profile),
            Self::Composite(_) => Some(Lane::Composite),
            Self::Portrait(_) => Some(Lane::Portrait),
            Self::Regeneration(again) => Some(again.lane),
            Self::Verification(_) => None,
        }
    }

    /// Its place in admission; lower goes first. Masters first, because everything else waits for them.
    #[must_use]
    pub fn priority(&self) -> u8 {
        match self {
            Self::Master(_) => 0,
            Self::Profile(_)
            | Self::Composite(_)
            | Self::Portrait(_)
            | Self::Regeneration(_)
            | Self::Verification(_) => 1,
        }
    }

    /// The images that it names, each with its place in the request.
    pub fn pointers_mut(&mut self) -> Vec<(Field, &mut ImagePointer)> {
        match self {
            Self::Master(master) => master.pointers_mut(),
            Self::Profile(profile) => vec![(Field::Master, &mut profile.master)],
            Self::Composite(composite) => composite.pointers_mut(),
            Self::Verification(verification) => verification.pointers_mut(),
            Self::Portrait(_) | Self::Regeneration(_) => Vec::new(),
        }
    }

    /// The subject that it is about, where there is just one.
    #[must_use]
    pub fn subject(&self) -> Option<&SubjectId> {
        match self {
            Self::Master(master) => Some(&master.subject_id),
            Self::Profile(profile) => Some(&profile.subject),
            Self::Composite(_) | Self::Portrait(_) | Self::Regeneration(_) | Self::Verification(_) => None,
        }
    }

    /// Expands it into shots.
    ///
    /// # Errors
    /// It asks for what cannot be; the error says what to change.
    pub fn plan(&mut self, material: &Material, setting: &Setting<'_>) -> Result<Plan, Unfit> {
        let plan = match self {
            Self::Master(master) => master.plan(material, setting),
            Self::Profile(profile) => profile.plan(material, setting),
            Self::Composite(composite) => composite.plan(material, setting),
            Self::Portrait(portrait) => portrait.plan(material, setting),
            Self::Regeneration(again) => again.plan(setting),
            Self::Verification(verification) => verification.plan(material),
        }?;
        // Also what was not in the request: a subject's description, a person's trigger word.
        let refused = plan.recipes.iter().find_map(|recipe| setting.wording.refused_term(&recipe.prompt));
        match refused {
            Some(term) => {
                Err(Unfit::new(Field::Request, format!("leads to a prompt with \"{term}\", which is not allowed")))
            }
            None => Ok(plan),
        }
    }

    /// How a job counts whose shots are all settled.
    #[must_use]
    pub fn judge(&self, shots: &[Shot]) -> Verdict {
        match self {
            Self::Profile(profile) => profile.judge(shots),
            Self::Verification(_) => Verdict::Completed,
            Self::Master(_) | Self::Composite(_) | Self::Portrait(_) | Self::Regeneration(_) => {
                let asked: usize = shots.iter().map(|shot| shot.recipe.images as usize).sum();
                let made: usize = shots.iter().map(|shot| shot.media().len()).sum();
                match made {
                    0 => Verdict::Failed,
                    made if made >= asked => Verdict::Completed,
                    _ => Verdict::Partial,
                }
            }
        }
    }

    /// The one kind whose images are tried again.
    fn profile(&self) -> Option<&Profile> {
        match self {
            Self::Profile(profile) => Some(profile),
            Self::Master(_)
            | Self::Composite(_)
            | Self::Portrait(_)
            | Self::Regeneration(_)
            | Self::Verification(_) => None,
        }
    }

    /// The shots whose images are the result: of several tries for one image the best.
    #[must_use]
    pub fn chosen<'a>(&self, shots: &'a [Shot], judged: &[Judged]) -> Vec<&'a Shot> {
        match self.profile() {
            Some(profile) => profile.chosen(shots, judged),
            None => shots.iter().filter(|shot| !shot.media().is_empty()).collect(),
        }
    }

    /// The shots whose images are judged next: of several tries for one image the newest.
    #[must_use]
    pub fn newest<'a>(&self, shots: &'a [Shot]) -> Vec<&'a Shot> {
        match self.profile() {
            Some(profile) => profile.newest(shots),
            None => shots.iter().filter(|shot| !shot.media().is_empty()).collect(),
        }
    }

    /// Which version of an image it makes.
    #[must_use]
    pub fn version(&self) -> ImageVersion<'_> {
        match self {
            Self::Regeneration(again) => ImageVersion { number: again.version, parent: again.parent.as_ref() },
            Self::Master(_) | Self::Profile(_) | Self::Composite(_) | Self::Portrait(_) | Self::Verification(_) => {
                ImageVersion { number: 1, parent: None }
            }
        }
    }

    /// What is tried before a job with these settled shots is given up; nothing in most cases.
    #[must_use]
    pub fn second_try(&self, shots: &[Shot], filing: &Filing) -> Vec<Recipe> {
        self.profile().map_or_else(Vec::new, |profile| profile.simplified(shots, filing))
    }

    /// What is tried again because it was made and does not match its references; nothing in most cases.
    #[must_use]
    pub fn rerolls(&self, shots: &[Shot], judged: &[Judged]) -> Vec<Recipe> {
        self.profile().map_or_else(Vec::new, |profile| profile.rerolls(shots, judged))
    }

    /// The shots without which a job that ended lacks something. Of an angle that has no image it is the first one.
    #[must_use]
    pub fn missing<'a>(&self, shots: &'a [Shot]) -> Vec<&'a Shot> {
        match self.profile() {
            Some(profile) => profile.missing(shots),
            None => shots.iter().filter(|shot| shot.made_nothing()).collect(),
        }
    }

    /// Most that may be spent beyond the shots that there are.
    #[must_use]
    pub fn may_follow(&self, shots: &[Shot]) -> Usd {
        self.profile().map_or(Usd::ZERO, |profile| profile.may_follow(shots))
    }

    /// What of its images does not match although other tries were asked for: no completed job.
    #[must_use]
    pub fn inconsistency(&self, shots: &[Shot], judged: &[Judged]) -> Option<Failure> {
        self.profile()?.inconsistency(shots, judged)
    }
}

impl Material {
    /// Where the image of `pointer` is, once it was looked up.
    fn source(&self, pointer: &ImagePointer, place: Field) -> Result<Source, Unfit> {
        match pointer {
            ImagePointer::Url(url) => Ok(Source::Url(url.clone())),
            ImagePointer::Media(_) | ImagePointer::Job(_) | ImagePointer::Step { .. } => {
                let media = self.image(pointer).ok_or_else(|| Unfit::new(place, "is no image of this project"))?;
                let (key, sha256) = (media.original.key.clone(), media.original.sha256.clone());
                Ok(Source::Media { id: media.id.clone(), key, sha256 })
            }
        }
    }

    fn image(&self, pointer: &ImagePointer) -> Option<&Media> {
        pointer.media().and_then(|id| self.media.get(id))
    }

    fn subject_of(&self, media: &Media) -> Option<&Subject> {
        media.subject.as_ref().and_then(|subject| self.subjects.get(subject))
    }
}

/// Checks that `count` references are neither more nor fewer than `model` takes.
fn check_references(model: &Model, count: usize, place: Field) -> Result<(), Unfit> {
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
fn fitted(
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
fn cache_key(kind: &str, recipes: &[Recipe], seed_was_given: bool, filed_for: &Value) -> String {
    let recipes: Vec<Value> = recipes.iter().map(|recipe| recipe.content(seed_was_given)).collect();
    let content = json!({ "kind": kind, "recipes": recipes, "for": filed_for });
    // The same text in another Unicode normal form is the same request.
    hex::encode(Sha256::digest(content.to_string().nfc().collect::<String>()))
}
