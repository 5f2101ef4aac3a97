//! The master reference: the definitive picture of a character, place or prop, on a plain background, from the front.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Material, Plan, Setting, Tuning, Unfit, cache_key, check_references, fitted};
use crate::{
    field::Field,
    id::{SubjectId, project_folder},
    image_ref::ImageRef,
    media::ImageType,
    model::Model,
    prompt::{Template, specification_words, style_words},
    quote::{self, Line},
    recipe::{Draft, Recipe, Source},
    storage_plan::{Relation, StoragePlan},
    subject::{Subject, SubjectType, VisualSpecifications},
};

/// Most variations of one request.
pub const MAX_VARIATIONS: u16 = 4;

const SIDE: u32 = 1024;
const STEPS: u32 = 50;
const GUIDANCE: f64 = 8.0;

/// A request for a master reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MasterReference {
    /// What the subject is.
    pub subject_type: SubjectType,
    /// Which subject.
    pub subject_id: SubjectId,
    /// What it looks like, 10-1,000 characters.
    pub description: String,
    /// `professional`, `casual`, `artistic` or free text.
    pub style: Option<String>,
    /// Pictures to go by.
    pub references: Vec<ImageRef>,
    /// How many pictures to choose from.
    pub variations: u16,
    /// How it is generated.
    pub tuning: Tuning,
}

impl MasterReference {
    pub(super) fn image_refs_mut(&mut self) -> Vec<(Field, &mut ImageRef)> {
        let all = self.references.iter_mut().enumerate();
        all.map(|(index, pointer)| (Field::Reference(index), pointer)).collect()
    }

    /// One shot for each variation.
    pub(super) fn plan(&mut self, material: &Material, setting: &Setting<'_>) -> Result<Plan, Unfit> {
        let subject = material.subjects.get(&self.subject_id);
        if let Some(subject) = subject.filter(|subject| subject.subject_type != self.subject_type) {
            let detail = format!("is not what the subject {} is: a {}", subject.id, subject.subject_type.as_str());
            return Err(Unfit::new(Field::SubjectType, detail));
        }
        let specifications = subject.map(|subject| subject.specifications.clone()).unwrap_or_default();
        let defaults = Model::defaults();
        let default = if self.references.is_empty() { &defaults.master } else { &defaults.master_with_references };
        let model = self.tuning.model(default)?;
        self.tuning.check(model)?;
        let wanted = self.wanted(material, setting, &specifications)?;
        // A model that takes no references at all is told of as ignoring them; one that takes fewer is refused.
        if model.max_references() > 0 {
            check_references(model, wanted.references.len(), Field::References)?;
        }
        let mut named = self.tuning.named();
        named.push("references");
        let (first, ignored) = fitted(&wanted, model, &named, material)?;
        let seed = first.seed;
        let recipes: Vec<Recipe> =
            (0..self.variations).map(|i| Recipe { seed: seed + u64::from(i), ..first.clone() }).collect();
        let lines = quote::merged(recipes.iter().map(Line::of));
        Ok(Plan {
            quote: quote::total(&lines),
            lines,
            ignored,
            storage_plan: self.storage_plan(setting, &specifications),
            together: None,
            cache_key: Some(cache_key(
                "master",
                &recipes,
                self.tuning.seed.is_some(),
                &json!([self.subject_id, specifications]),
            )),
            new_subject: subject.is_none().then(|| self.new_subject(setting)),
            recipes,
        })
    }

    fn wanted(
        &self,
        material: &Material,
        setting: &Setting<'_>,
        specifications: &VisualSpecifications,
    ) -> Result<Draft, Unfit> {
        let id = format!("master-{}", self.subject_type.as_str());
        let template = Template::chosen(&id, &format!("{}/{}", setting.project, self.subject_id), setting.wording);
        let prompt = template.fill(&[
            ("description", &self.description),
            ("specifications", &specification_words(specifications)),
            ("style", style_words(self.style.as_deref())),
        ]);
        let references = self.references.iter().enumerate();
        let references: Vec<Source> = references
            .map(|(index, pointer)| material.source(pointer, Field::Reference(index)))
            .collect::<Result<_, _>>()?;
        let seed = self.tuning.seed(setting.rng);
        Ok(Draft {
            guidance: Some(self.tuning.guidance.unwrap_or(GUIDANCE)),
            references,
            ..self.tuning.draft(prompt, template.reference(), seed, (SIDE, SIDE), STEPS)
        })
    }

    fn storage_plan(&self, setting: &Setting<'_>, specifications: &VisualSpecifications) -> StoragePlan {
        StoragePlan {
            image_type: ImageType::MasterReference,
            folder: project_folder(setting.project, &format!("references/{}", self.subject_id)),
            subject: Some(self.subject_id.clone()),
            subject_type: Some(self.subject_type),
            person: None,
            lora: None,
            owner: Some((self.subject_id.to_string(), Relation::HasMasterReference)),
            specifications: specifications.clone(),
            slots: Vec::new(),
        }
    }

    fn new_subject(&self, setting: &Setting<'_>) -> Subject {
        Subject {
            id: self.subject_id.clone(),
            project: setting.project.clone(),
            subject_type: self.subject_type,
            description: self.description.clone(),
            specifications: VisualSpecifications::default(),
            created_at: setting.now,
            updated_at: setting.now,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{id::ProjectId, prompt::Wording, rng::Rng};

    pub(crate) fn keeper() -> MasterReference {
        MasterReference {
            subject_type: SubjectType::Character,
            subject_id: "keeper".parse().unwrap(),
            description: "a lighthouse keeper in a yellow raincoat".to_owned(),
            style: None,
            references: Vec::new(),
            variations: 3,
            tuning: Tuning { seed: Some(7), negative_prompt: Some("hat".to_owned()), ..Tuning::default() },
        }
    }

    /// Plans with the usual wording.
    pub(crate) fn planned<T>(plan: impl FnOnce(&Setting<'_>) -> T) -> T {
        let project: ProjectId = "isle".parse().unwrap();
        let (rng, wording) = (Rng::seeded(1), Wording::default());
        plan(&Setting {
            project: &project,
            now: Timestamp::from_second(1_795_000_000).unwrap(),
            rng: &rng,
            wording: &wording,
            profile_batch: 4,
        })
    }

    fn plan(master: &MasterReference) -> Result<Plan, Unfit> {
        planned(|setting| master.clone().plan(&Material::default(), setting))
    }

    #[test]
    fn variations_count_up_from_the_seed_and_cost_what_the_table_says() {
        let plan = plan(&keeper()).unwrap();
        assert_eq!(plan.recipes.iter().map(|recipe| recipe.seed).collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(plan.quote.unwrap().micros(), 75_000);
        let recipe = &plan.recipes[0];
        assert_eq!((recipe.steps, recipe.guidance, recipe.width), (Some(50), Some(8.0), 1024));
        insta::assert_snapshot!(recipe.prompt, @"a lighthouse keeper in a yellow raincoat, professional studio photography, perfect lighting, front view, standing, full body, centered composition, solid light gray background, clear facial features, exact same face, hairstyle and distinctive features in every later view, 8k resolution, highly detailed, high quality");
    }

    #[test]
    fn what_the_model_cannot_take_is_reported() {
        let plan = plan(&keeper()).unwrap();
        assert_eq!(plan.ignored.len(), 1);
        assert_eq!(plan.ignored[0].parameter, "negativePrompt");
    }

    #[test]
    fn seeds_of_ours_fit_everywhere_and_a_callers_may_have_64_bits() {
        let with_seed = |seed| MasterReference { tuning: Tuning { seed, ..Tuning::default() }, ..keeper() };
        assert!(plan(&with_seed(None)).unwrap().recipes[0].seed <= u64::from(u32::MAX));
        let large = 9_223_372_036_854_775_800;
        assert_eq!(plan(&with_seed(Some(large))).unwrap().recipes[2].seed, large + 2);
    }

    #[test]
    fn the_faster_model_gets_its_own_steps() {
        let model = Some("flux-schnell".to_owned());
        let master = MasterReference { tuning: Tuning { model, ..Tuning::default() }, ..keeper() };
        assert_eq!(plan(&master).unwrap().recipes[0].steps, Some(4));
    }

    #[test]
    fn pictures_to_go_by_choose_a_model_that_takes_them() {
        let pointer = |number| ImageRef::Url(format!("https://images.example.com/{number}.png"));
        let with = |count: u32, model: Option<&str>| {
            let tuning = Tuning { model: model.map(str::to_owned), ..Tuning::default() };
            plan(&MasterReference { references: (0..count).map(pointer).collect(), tuning, ..keeper() })
        };
        let recipes = with(2, None).unwrap().recipes;
        assert_eq!((recipes[0].model.as_str(), recipes[0].references.len()), ("flux-2-edit", 2));
        let error = with(5, None).unwrap_err();
        assert_eq!(error.field, Field::References);
        assert_eq!(
            error.detail,
            "are 5 images, and flux-2-edit takes 4; nano-banana-2-edit, seedream-edit take as many"
        );
        assert_eq!(with(1, Some("flux-dev")).unwrap().ignored[0].parameter, "references");
    }

    #[test]
    fn the_same_request_has_the_same_key_and_another_has_another() {
        let key = |master: &MasterReference| plan(master).unwrap().cache_key.unwrap();
        assert_eq!(key(&keeper()), key(&keeper()));
        let unseeded = MasterReference { tuning: Tuning::default(), ..keeper() };
        assert_eq!(key(&unseeded), key(&unseeded));
        let others = [
            unseeded,
            MasterReference { variations: 2, ..keeper() },
            MasterReference { subject_id: "other".parse().unwrap(), ..keeper() },
            MasterReference { style: Some("casual".to_owned()), ..keeper() },
        ];
        for other in others {
            assert_ne!(key(&other), key(&keeper()));
        }
    }
}
