//! The kinds of image that can be asked for. A closed set: one variant and one file each. A kind says what it needs to
//! know, and then what to send to fal, where the images are filed and when it counts as made.

pub mod composite;
pub mod master;
mod plan;
pub mod portrait;
pub mod profile;
pub mod regeneration;
mod tuning;
pub mod verification;

use serde::{Deserialize, Serialize};

pub use composite::Composite;
pub use master::MasterReference;
pub use plan::{Material, Plan, Setting, Unfit};
use plan::{cache_key, check_references, fitted};
pub use portrait::Portrait;
pub use profile::Profile;
pub use regeneration::Regeneration;
pub use tuning::Tuning;
pub use verification::Verification;

use crate::{
    failure::Failure,
    field::Field,
    id::{MediaId, SubjectId},
    image_ref::ImageRef,
    lane::Lane,
    limit::Draw,
    money::Usd,
    quote::Line,
    recipe::Recipe,
    report::Judged,
    shot::Shot,
    storage_plan::StoragePlan,
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
pub enum Completeness {
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

    /// What a request for it takes of what is allowed, where it costs `amount` at most.
    #[must_use]
    pub fn draw(&self, amount: Option<Usd>) -> Draw {
        match self {
            Self::Profile(_) => Draw { requests: 0, profiles: 1, amount },
            Self::Master(_) | Self::Composite(_) | Self::Portrait(_) | Self::Regeneration(_) => {
                Draw { requests: 1, profiles: 0, amount }
            }
            Self::Verification(_) => Draw::nothing(),
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
    pub fn image_refs_mut(&mut self) -> Vec<(Field, &mut ImageRef)> {
        match self {
            Self::Master(master) => master.image_refs_mut(),
            Self::Profile(profile) => vec![(Field::Master, &mut profile.master)],
            Self::Composite(composite) => composite.image_refs_mut(),
            Self::Verification(verification) => verification.image_refs_mut(),
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
    pub fn judge(&self, shots: &[Shot]) -> Completeness {
        match self {
            Self::Profile(profile) => profile.judge(shots),
            Self::Verification(_) => Completeness::Completed,
            Self::Master(_) | Self::Composite(_) | Self::Portrait(_) | Self::Regeneration(_) => {
                let asked: usize = shots.iter().map(|shot| shot.recipe.images as usize).sum();
                let made: usize = shots.iter().map(|shot| shot.media().len()).sum();
                match made {
                    0 => Completeness::Failed,
                    made if made >= asked => Completeness::Completed,
                    _ => Completeness::Partial,
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
    pub fn second_try(&self, shots: &[Shot], storage_plan: &StoragePlan) -> Vec<Recipe> {
        self.profile().map_or_else(Vec::new, |profile| profile.simplified(shots, storage_plan))
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
    pub fn may_follow(&self, shots: &[Shot]) -> Option<Line> {
        self.profile()?.may_follow(shots)
    }

    /// What of its images does not match although other tries were asked for: no completed job.
    #[must_use]
    pub fn inconsistency(&self, shots: &[Shot], judged: &[Judged]) -> Option<Failure> {
        self.profile()?.inconsistency(shots, judged)
    }
}
