//! The 360° profile: a subject from all around, made from its master reference, each angle by itself.

mod missing;
mod reroll;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Completeness, Material, Plan, Setting, Tuning, Unfit, cache_key, check_references, fitted};
use crate::{
    field::Field,
    id::{SubjectId, project_folder},
    image_ref::ImageRef,
    media::{ImageType, Media},
    model::Model,
    money::Usd,
    prompt::{CameraView, Template, specification_words, view_words},
    quote::{self, Line},
    recipe::{Draft, Recipe},
    shot::Shot,
    storage_plan::StoragePlan,
    subject::{Subject, SubjectType, VisualSpecifications},
};

/// The angles unless the request names some: every 30 degrees.
pub const TWELVE: [u16; 12] = [0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330];
/// The smaller profile: every 45 degrees. Also what is tried when too few of the twelve can be made.
pub const EIGHT: [u16; 8] = [0, 45, 90, 135, 180, 225, 270, 315];
/// Most angles of one request.
pub const MAX_ANGLES: usize = 36;

pub use reroll::MAX_REROLLS;

const STEPS: u32 = 40;

/// A request for a profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The subject's master reference.
    pub master: ImageRef,
    /// Whose profile it is.
    pub subject: SubjectId,
    /// Degrees from the front, each once; 90 is the subject's right side.
    pub angles: Vec<u16>,
    pub resolution: Resolution,
    /// What the subject looks like; its own description unless given.
    pub description: Option<String>,
    /// What may be spent on making angles again that do not match the master; `None`: they are only reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reroll_budget: Option<Usd>,
    /// How it is generated.
    pub tuning: Tuning,
}

/// How large the images of a profile are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// 1024 pixels a side.
    #[default]
    Standard,
    /// 2048 pixels a side.
    High,
}

impl Resolution {
    fn side(self) -> u32 {
        match self {
            Self::Standard => 1024,
            Self::High => 2048,
        }
    }
}

impl Profile {
    /// One shot for each angle, all with one seed.
    pub(super) fn plan(&mut self, material: &Material, setting: &Setting<'_>) -> Result<Plan, Unfit> {
        let master = material.image(&self.master);
        self.check_master(master)?;
        let subject = material.subjects.get(&self.subject);
        let Some(description) = self.description.clone().or_else(|| subject.map(|one| one.description.clone())) else {
            return Err(Unfit::new(Field::Subject, "is no subject of this project"));
        };
        let subject_type = subject.map_or(SubjectType::Character, |subject| subject.subject_type);
        let specifications = specifications(master, subject);
        let defaults = Model::defaults();
        let default = match self.resolution {
            Resolution::Standard => &defaults.profile,
            Resolution::High => &defaults.profile_high,
        };
        let model = self.tuning.model(default)?;
        self.tuning.check(model)?;
        let source = material.source(&self.master, Field::Master)?;
        check_references(model, 1, Field::Master)?;
        // The master's own seed: whatever of the picture hangs on it stays the same.
        let seed = self.tuning.seed.or_else(|| master.map(|master| master.recipe.seed));
        let template = Template::chosen(
            &format!("profile-{}", subject_type.as_str()),
            &format!("{}/{}", setting.project, self.subject),
            setting.wording,
        );
        let first = self.angles.first().copied().unwrap_or_default();
        let prompt = Self::view_prompt(first, &description, template, &specifications);
        let seed_of_all = seed.unwrap_or_else(|| self.tuning.seed(setting.rng));
        let side = self.resolution.side();
        let wanted = Draft {
            angle: Some(first),
            references: vec![source],
            ..self.tuning.draft(prompt, template.reference(), seed_of_all, (side, side), STEPS)
        };
        let mut named = self.tuning.named();
        if self.resolution == Resolution::High {
            named.push("resolution");
        }
        let (base, ignored) = fitted(&wanted, model, &named, material)?;
        self.description = Some(description);
        let recipes: Vec<Recipe> =
            self.angles.iter().map(|angle| self.seen_from(*angle, &base, template, &specifications)).collect();
        let each = Line::of(&base);
        // What the budget for re-rolls does not fill is spent on nothing.
        let again = each.cost().map_or(0, |cost| self.may_be_made_again(cost));
        let lines = vec![each.times(self.most_images() + again)];
        Ok(Plan {
            quote: quote::total(&lines),
            lines,
            ignored,
            storage_plan: StoragePlan {
                image_type: ImageType::Profile360,
                folder: project_folder(setting.project, &format!("360-profiles/{}", self.subject)),
                subject: Some(self.subject.clone()),
                subject_type: Some(subject_type),
                person: None,
                lora: None,
                owner: None,
                specifications,
                slots: Vec::new(),
            },
            together: Some(setting.profile_batch),
            cache_key: Some(cache_key("profile", &recipes, seed.is_some(), &json!(self.subject))),
            new_subject: subject.is_none().then(|| self.new_subject(setting)),
            recipes,
        })
    }

    fn check_master(&self, master: Option<&Media>) -> Result<(), Unfit> {
        let Some(master) = master else { return Ok(()) };
        if master.image_type != ImageType::MasterReference {
            let detail = format!("is a {}, not a master reference", master.image_type.as_str());
            return Err(Unfit::new(Field::Master, detail));
        }
        match &master.subject {
            Some(subject) if *subject != self.subject => {
                Err(Unfit::new(Field::Master, format!("shows the subject {subject}, not {}", self.subject)))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The view from `angle`.
    fn seen_from(&self, angle: u16, base: &Recipe, template: &Template, known: &VisualSpecifications) -> Recipe {
        let description = self.description.as_deref().unwrap_or_default();
        let prompt = Self::view_prompt(angle, description, template, known);
        Recipe { prompt, angle: Some(angle), ..base.clone() }
    }

    fn view_prompt(angle: u16, description: &str, template: &Template, known: &VisualSpecifications) -> String {
        template.fill(&[
            ("view", &view_words(angle)),
            ("visible", &CameraView::nearest(angle).visible),
            ("description", description),
            ("specifications", &specification_words(known)),
        ])
    }

    /// Most images that are paid for: all angles, and all of the smaller profile where that may follow. fal may bill
    /// what cannot be used.
    fn most_images(&self) -> u64 {
        let more = if self.may_be_simplified() { EIGHT.len() } else { 0 };
        (self.angles.len() + more) as u64
    }

    /// What of the budget can be spent, at this price of an image.
    fn may_be_made_again(&self, each: Usd) -> u64 {
        let most = (self.angles.len().max(EIGHT.len()) * MAX_REROLLS) as u64;
        let within_budget = self.reroll_budget.unwrap_or_default().micros().checked_div(each.micros());
        within_budget.map_or(most, |images| images.min(most))
    }

    fn may_be_simplified(&self) -> bool {
        self.angles == TWELVE
    }

    /// Two thirds of what was asked for: eight of twelve.
    fn enough(&self) -> usize {
        (self.angles.len() * 2).div_ceil(3)
    }

    pub(super) fn judge(&self, shots: &[Shot]) -> Completeness {
        let made = made(shots);
        let asked = self.angles.iter().filter(|angle| made.contains(angle)).count();
        if asked == self.angles.len() {
            return Completeness::Completed;
        }
        if asked >= self.enough() || self.is_smaller(shots, &made) {
            Completeness::Partial
        } else {
            Completeness::Failed
        }
    }

    /// Whether the smaller profile is there in place of the one that was asked for.
    fn is_smaller(&self, shots: &[Shot], made: &BTreeSet<u16>) -> bool {
        // A retry may bring more of what was asked for after all.
        let asked = self.angles.iter().filter(|angle| made.contains(angle)).count();
        self.was_simplified(shots) && asked <= EIGHT.len() && EIGHT.iter().all(|angle| made.contains(angle))
    }

    /// Whether the smaller profile was begun.
    #[must_use]
    pub fn was_simplified(&self, shots: &[Shot]) -> bool {
        let other = |angle: u16| !self.angles.contains(&angle);
        shots.iter().filter_map(|shot| shot.recipe.angle).any(other)
    }

    /// What is missing of the smaller profile, once too few of the twelve angles could be made.
    pub(super) fn simplified(&self, shots: &[Shot], storage_plan: &StoragePlan) -> Vec<Recipe> {
        if !self.may_be_simplified() || self.was_simplified(shots) || self.judge(shots) != Completeness::Failed {
            return Vec::new();
        }
        let Some(base) = shots.first().map(Shot::asked) else { return Vec::new() };
        let Some(template) = Template::by_reference(&base.template) else { return Vec::new() };
        let made = made(shots);
        let missing = EIGHT.iter().filter(|angle| !made.contains(angle));
        missing.map(|angle| self.seen_from(*angle, base, template, &storage_plan.specifications)).collect()
    }

    /// The angles that the result shows, of those made.
    #[must_use]
    pub fn shown(&self, shots: &[Shot]) -> Vec<u16> {
        let made = made(shots);
        match self.judge(shots) {
            _ if self.is_smaller(shots, &made) => EIGHT.to_vec(),
            Completeness::Completed | Completeness::Partial => {
                self.angles.iter().copied().filter(|angle| made.contains(angle)).collect()
            }
            // Neither profile: also what the smaller one has beside the angles that were asked for.
            Completeness::Failed => made.into_iter().collect(),
        }
    }

    /// What the caller is told when not all angles are there.
    #[must_use]
    pub fn warning(&self, shots: &[Shot]) -> Option<String> {
        let made = made(shots);
        let asked = self.angles.iter().filter(|angle| made.contains(angle)).count();
        if asked == self.angles.len() {
            return None;
        }
        let only = format!("only {asked}/{} angles were generated", self.angles.len());
        Some(match self.judge(shots) {
            _ if self.is_smaller(shots, &made) => format!("{only}; this is the 8-angle profile"),
            Completeness::Completed | Completeness::Partial => only,
            Completeness::Failed => format!("{only}; what was made is kept"),
        })
    }

    fn new_subject(&self, setting: &Setting<'_>) -> Subject {
        Subject {
            id: self.subject.clone(),
            project: setting.project.clone(),
            subject_type: SubjectType::Character,
            description: self.description.clone().unwrap_or_default(),
            specifications: VisualSpecifications::default(),
            created_at: setting.now,
            updated_at: setting.now,
        }
    }
}

/// The subject's own specifications, completed by what was measured from the master.
fn specifications(master: Option<&Media>, subject: Option<&Subject>) -> VisualSpecifications {
    let measured = master.map(|master| master.specifications.clone()).unwrap_or_default();
    match subject {
        Some(subject) => subject.specifications.clone().or(measured),
        None => measured,
    }
}

fn made(shots: &[Shot]) -> BTreeSet<u16> {
    shots.iter().filter(|shot| !shot.media().is_empty()).filter_map(|shot| shot.recipe.angle).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        failure::{Failure, FailureCode},
        id::JobId,
        kind::master::tests::planned,
        lane::Lane,
        shot::{Rank, ShotState},
    };

    pub(in crate::kind) fn profile(angles: &[u16]) -> Profile {
        Profile {
            master: ImageRef::Url("https://images.example.com/keeper.png".to_owned()),
            subject: "keeper".parse().unwrap(),
            angles: angles.to_vec(),
            resolution: Resolution::Standard,
            description: Some("a lighthouse keeper".to_owned()),
            reroll_budget: None,
            tuning: Tuning { seed: Some(7), ..Tuning::default() },
        }
    }

    pub(in crate::kind) fn plan(profile: &mut Profile) -> Plan {
        planned(|setting| profile.plan(&Material::default(), setting)).unwrap()
    }

    /// The shots of `recipes`, of which those with these angles failed.
    pub(in crate::kind) fn settled(recipes: &[Recipe], failed: &[u16], first: u16) -> Vec<Shot> {
        let job: JobId = "job_01jd0000000000000000000000".parse().unwrap();
        let shots = recipes.iter().enumerate().map(|(index, recipe)| {
            let id = job.shot(first + u16::try_from(index).unwrap());
            let rank = Rank { priority: 1, turn: 0 };
            let shot = Shot::new(id, "isle".parse().unwrap(), Lane::Profile, rank, recipe.clone());
            let state = if failed.contains(&recipe.angle.unwrap()) {
                ShotState::Failed(Failure::new(FailureCode::ProviderError, "no"))
            } else {
                ShotState::Stored { media: vec![id.media(0)] }
            };
            Shot { state, ..shot }
        });
        shots.collect()
    }

    #[test]
    fn every_angle_has_its_own_words_and_all_have_one_seed_and_one_image() {
        let plan = plan(&mut profile(&TWELVE));
        assert_eq!(plan.recipes.len(), 12);
        assert!(plan.recipes.iter().all(|recipe| recipe.seed == 7 && recipe.references.len() == 1));
        let prompts: BTreeSet<_> = plan.recipes.iter().map(|recipe| recipe.prompt.as_str()).collect();
        assert_eq!(prompts.len(), 12);
        insta::assert_snapshot!(plan.recipes[6].prompt, @"back view, seen from behind, camera 180° around the subject, face not visible, back of the head and of the clothes visible, a lighthouse keeper, maintain exact same face, hairstyle, eye color, costume and distinctive features as in the image, same body proportions, same pose, full body, consistent lighting, solid light gray background, photorealistic, highly detailed");
        assert_eq!((plan.together, plan.recipes[0].model.as_str()), (Some(4), "kontext-pro"));
        // Twenty at most are paid for, at 0.04.
        assert_eq!(plan.quote.unwrap().micros(), 800_000);
    }

    #[test]
    fn high_resolution_has_its_own_model() {
        let mut high = Profile { resolution: Resolution::High, ..profile(&EIGHT) };
        let plan = plan(&mut high);
        assert_eq!((plan.recipes[0].model.as_str(), plan.recipes[0].width), ("flux-2-edit", 2048));
        assert!(plan.ignored.is_empty());
        high.tuning.model = Some("kontext-pro".to_owned());
        assert_eq!(self::plan(&mut high).ignored[0].parameter, "resolution");
    }

    #[test]
    fn three_five_and_nine_of_twelve_failing_end_differently() {
        let mut profile = profile(&TWELVE);
        let plan = plan(&mut profile);
        let first = |failed: &[u16]| settled(&plan.recipes, failed, 0);
        assert_eq!(profile.judge(&first(&[])), Completeness::Completed);
        let three = first(&[30, 60, 120]);
        assert_eq!(profile.judge(&three), Completeness::Partial);
        assert!(profile.simplified(&three, &plan.storage_plan).is_empty());
        assert_eq!(profile.warning(&three).unwrap(), "only 9/12 angles were generated");

        let five = first(&[30, 60, 120, 150, 180]);
        let more = profile.simplified(&five, &plan.storage_plan);
        assert_eq!(more.iter().map(|recipe| recipe.angle.unwrap()).collect::<Vec<_>>(), [45, 135, 180, 225, 315]);
        let good: Vec<Shot> = five.iter().cloned().chain(settled(&more, &[], 12)).collect();
        assert_eq!(profile.judge(&good), Completeness::Partial);
        assert_eq!(profile.shown(&good), EIGHT);
        assert!(profile.warning(&good).unwrap().ends_with("this is the 8-angle profile"));
        let bad: Vec<Shot> = five.iter().cloned().chain(settled(&more, &[180], 12)).collect();
        assert_eq!(profile.judge(&bad), Completeness::Failed);
        // There is no third try.
        assert!(profile.simplified(&bad, &plan.storage_plan).is_empty());
        assert!(profile.warning(&bad).unwrap().ends_with("what was made is kept"));
    }

    #[test]
    fn a_list_of_the_callers_own_needs_two_thirds_and_is_not_replaced() {
        let mut own = profile(&[0, 10, 20]);
        let plan = plan(&mut own);
        assert_eq!(plan.quote.unwrap().micros(), 120_000);
        let with = |failed: &[u16]| settled(&plan.recipes, failed, 0);
        assert_eq!(own.judge(&with(&[10])), Completeness::Partial);
        assert_eq!(own.judge(&with(&[0, 10])), Completeness::Failed);
        assert!(own.simplified(&with(&[0, 10]), &plan.storage_plan).is_empty());
    }
}
