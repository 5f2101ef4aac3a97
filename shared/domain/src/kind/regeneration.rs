//! A regeneration: one image of an earlier job, made anew from its recipe. The earlier image stays; the new one is its
//! next version.

use serde::{Deserialize, Serialize};

use super::{Plan, Setting, Tuning, Unfit};
use crate::{
    id::{CollectionId, MediaId, ShotId},
    lane::Lane,
    quote::{self, Line},
    recipe::Recipe,
    storage_plan::StoragePlan,
};

/// A request to make one image anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Regeneration {
    /// The shot that the versions are counted from: the one that made the first, or was to make it.
    pub shot: ShotId,
    /// The image that it replaces, where there is one.
    pub parent: Option<MediaId>,
    /// The new image's version.
    pub version: u32,
    /// The collection whose entry of the same angle it replaces.
    pub collection: Option<CollectionId>,
    /// What the earlier image was asked for; once this is planned, what is sent.
    pub recipe: Recipe,
    /// Where the earlier image is filed.
    pub storage_plan: StoragePlan,
    /// The lane of the earlier job.
    pub lane: Lane,
    /// What is to be different.
    pub tuning: Tuning,
}

/// What is to be different.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Other words in place of the whole prompt.
    pub prompt: Option<String>,
    /// Another seed and the like.
    pub tuning: Tuning,
}

impl Regeneration {
    /// One shot of one image.
    pub(super) fn plan(&mut self, setting: &Setting<'_>) -> Result<Plan, Unfit> {
        let model = self.tuning.model(&self.recipe.model)?;
        self.tuning.check(model)?;
        let tuning = &self.tuning;
        let wanted = Recipe {
            seed: self.seed(setting),
            steps: tuning.steps.or(self.recipe.steps),
            guidance: tuning.guidance.or(self.recipe.guidance),
            negative_prompt: tuning.negative_prompt.clone().or(self.recipe.negative_prompt.clone()),
            output_format: tuning.output_format.clone().unwrap_or_else(|| self.recipe.output_format.clone()),
            images: 1,
            ..self.recipe.clone()
        };
        let ignored = wanted.draft().not_taken(model, &tuning.named());
        self.recipe = wanted.on(model);
        let lines = vec![Line::of(&self.recipe)];
        Ok(Plan {
            recipes: vec![self.recipe.clone()],
            quote: quote::total(&lines),
            lines,
            ignored,
            storage_plan: self.storage_plan.clone(),
            together: None,
            // Another image was asked for, so the seed is another one.
            cache_key: None,
            new_subject: None,
        })
    }

    /// The caller's, or one that differs from the earlier image's: that would make the same picture again.
    fn seed(&self, setting: &Setting<'_>) -> u64 {
        let seed = self.tuning.seed(setting.rng);
        if self.tuning.seed.is_none() && seed == self.recipe.seed { seed + 1 } else { seed }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        id::JobId,
        job::{Job, Lineage},
        kind::{
            Kind, Material,
            master::tests::{keeper, planned},
        },
        recipe::OWN_WORDS,
        shot::{Rank, Shot, ShotState},
    };

    fn earlier() -> (Job, Shot) {
        let mut kind = Kind::Master(keeper());
        let plan = planned(|setting| kind.plan(&Material::default(), setting)).unwrap();
        let id: JobId = "job_01jd0000000000000000000000".parse().unwrap();
        let job = Job {
            id,
            project: "isle".parse().unwrap(),
            kind,
            created_by: "ada".parse().unwrap(),
            key: None,
            end_user: None,
            created_at: Timestamp::from_second(1_795_000_000).unwrap(),
            accounted_at: None,
            shots: 3,
            reserved: plan.quote,
            ignored: plan.ignored,
            storage_plan: plan.storage_plan,
            cache_key: plan.cache_key,
            workflow: None,
            metadata: None,
            judged: Vec::new(),
            needs_review: false,
            report: None,
            deadline: None,
            retried_at: None,
            state: Job::opened(Timestamp::from_second(1_795_000_000).unwrap(), None),
        };
        let rank = Rank { priority: 0, turn: 0 };
        let shot = Shot::new(id.shot(1), job.project.clone(), Lane::Master, rank, plan.recipes[1].clone());
        let state = ShotState::Stored { media: vec![shot.id.media(0)] };
        (job, Shot { state, ..shot })
    }

    fn again(tuning: Tuning, prompt: Option<&str>) -> Regeneration {
        let (job, shot) = earlier();
        let changes = Changes { prompt: prompt.map(str::to_owned), tuning };
        Regeneration::new(&job, &shot, Lineage::of(&job, &shot), 2, changes)
    }

    #[test]
    fn only_what_was_changed_is_different() {
        let (_, shot) = earlier();
        let mut same = again(Tuning::default(), None);
        let plan = planned(|setting| same.plan(setting)).unwrap();
        let [recipe] = &plan.recipes[..] else { panic!("{:?}", plan.recipes) };
        assert_ne!(recipe.seed, shot.recipe.seed);
        assert!(u32::try_from(recipe.seed).is_ok());
        assert_eq!(*recipe, Recipe { seed: recipe.seed, ..shot.recipe.clone() });
        assert_eq!((plan.quote.unwrap().micros(), plan.cache_key), (25_000, None));

        let tuning =
            Tuning { seed: Some(8), steps: Some(20), negative_prompt: Some("hat".to_owned()), ..Tuning::default() };
        let mut other = again(tuning, Some("a keeper at night, in the rain"));
        let plan = planned(|setting| other.plan(setting)).unwrap();
        let recipe = &plan.recipes[0];
        assert_eq!((recipe.seed, recipe.steps, recipe.guidance), (8, Some(20), Some(8.0)));
        assert_eq!((recipe.prompt.as_str(), recipe.template.as_str()), ("a keeper at night, in the rain", OWN_WORDS));
        assert_eq!((plan.ignored[0].parameter.as_str(), &recipe.negative_prompt), ("negativePrompt", &None));
        assert_eq!(other.recipe, *recipe);
    }

    #[test]
    fn a_range_is_kept() {
        let mut wrong = again(Tuning { guidance: Some(20.5), ..Tuning::default() }, None);
        let unfit = planned(|setting| wrong.plan(setting)).unwrap_err();
        assert_eq!(unfit.to_string(), "the guidance must be 1 to 20 for flux-dev");
    }

    #[test]
    fn the_versions_of_versions_count_on() {
        let (job, shot) = earlier();
        let (first, again) = (shot.id.media(0), again(Tuning::default(), None));
        assert_eq!((again.shot, again.parent.as_ref()), (shot.id, Some(&first)));
        let second: JobId = "job_01jd0000000000000000000001".parse().unwrap();
        let later = Job { id: second, kind: Kind::Regeneration(Box::new(again)), ..job };
        let made = Shot { id: second.shot(0), ..shot.clone() };
        let made = Shot { state: ShotState::Stored { media: vec![made.id.media(0)] }, ..made };
        let lineage = Lineage::of(&later, &made);
        assert_eq!((lineage.root, lineage.newest), (shot.id, Some(made.id.media(0))));
        let failed = Shot { state: ShotState::Canceled, ..made };
        assert_eq!(Lineage::of(&later, &failed).newest, Some(first));
    }
}
