//! The master reference: the definitive picture of a character, place or prop, on a plain background, from the front.

use serde::{Deserialize, Serialize};

use super::{IgnoredParameter, Plan};
use crate::{
    entropy::Entropy,
    id::SubjectId,
    model::Model,
    prompt::{Template, specification_words, style_words},
    recipe::Recipe,
    subject::{Subject, SubjectType, VisualSpecifications},
};

/// Most variations of one request.
pub const MAX_VARIATIONS: u16 = 4;
/// The model unless the request names one.
pub const DEFAULT_MODEL: &str = "flux-dev";

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
    /// Pictures to go by, as https URLs.
    pub references: Vec<String>,
    /// The first variation's seed; variation i has seed + i.
    pub seed: Option<u64>,
    /// How many pictures to choose from.
    pub variations: u16,
    /// What must not be in the picture.
    pub negative_prompt: Option<String>,
    /// Our name of a model in the table.
    pub model: String,
    /// The subject's specifications, locked in when the job is planned.
    #[serde(default)]
    pub specifications: VisualSpecifications,
}

impl MasterReference {
    /// One shot for each variation.
    pub(super) fn plan(&mut self, subject: Option<&Subject>, entropy: &Entropy) -> Plan {
        if let Some(subject) = subject {
            self.specifications = subject.specifications.clone();
        }
        // Seeds that we choose stay within 32 bits: every endpoint takes those, and JavaScript keeps their digits.
        let seed = *self.seed.get_or_insert_with(|| u64::from(entropy.range(0..=u32::MAX - u32::from(MAX_VARIATIONS))));
        let (prompt, template) = self.prompt();
        let ignored = self.ignored();
        let recipes: Vec<Recipe> =
            (0..self.variations).map(|i| self.recipe(&prompt, &template, seed + u64::from(i))).collect();
        let quote = recipes.iter().map(Recipe::cost_bound).sum();
        Plan { recipes, quote, ignored }
    }

    fn prompt(&self) -> (String, String) {
        let id = format!("master-{}", self.subject_type.as_str());
        let template = Template::newest(&id).unwrap_or_else(|| panic!("{id} is in data/prompts.json"));
        let prompt = template.fill(&[
            ("description", &self.description),
            ("specifications", &specification_words(&self.specifications)),
            ("style", style_words(self.style.as_deref())),
        ]);
        (prompt, template.reference())
    }

    fn recipe(&self, prompt: &str, template: &str, seed: u64) -> Recipe {
        let wanted = Recipe {
            model: self.model.clone(),
            prompt: prompt.to_owned(),
            template: template.to_owned(),
            seed,
            width: SIDE,
            height: SIDE,
            steps: Some(STEPS),
            guidance: Some(GUIDANCE),
            images: 1,
            output_format: "png".to_owned(),
        };
        Model::by_id(&self.model).map_or_else(|| wanted.clone(), |model| wanted.on(model))
    }

    fn ignored(&self) -> Vec<IgnoredParameter> {
        let Some(model) = Model::by_id(&self.model) else { return Vec::new() };
        let ignored = |parameter: &str, what: &str| IgnoredParameter {
            parameter: parameter.to_owned(),
            reason: format!("{} takes no {what}", model.id),
        };
        let mut list = Vec::new();
        if self.negative_prompt.is_some() && !model.negative_prompt {
            list.push(ignored("negativePrompt", "negative prompt"));
        }
        if !self.references.is_empty() && model.max_references == 0 {
            list.push(ignored("references", "reference images"));
        }
        if !model.seed {
            list.push(ignored("seed", "seed"));
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeper() -> MasterReference {
        MasterReference {
            subject_type: SubjectType::Character,
            subject_id: "keeper".parse().unwrap(),
            description: "a lighthouse keeper in a yellow raincoat".to_owned(),
            style: None,
            references: Vec::new(),
            seed: Some(7),
            variations: 3,
            negative_prompt: Some("hat".to_owned()),
            model: DEFAULT_MODEL.to_owned(),
            specifications: VisualSpecifications::default(),
        }
    }

    #[test]
    fn variations_count_up_from_the_seed_and_cost_what_the_table_says() {
        let plan = keeper().plan(None, &Entropy::seeded(1));
        assert_eq!(plan.recipes.iter().map(|recipe| recipe.seed).collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(plan.quote.unwrap().micros(), 75_000);
        let recipe = &plan.recipes[0];
        assert_eq!((recipe.steps, recipe.guidance, recipe.width), (Some(50), Some(8.0), 1024));
        insta::assert_snapshot!(recipe.prompt, @"a lighthouse keeper in a yellow raincoat, professional studio photography, perfect lighting, front view, standing, full body, centered composition, solid light gray background, clear facial features, exact same face, hairstyle and distinctive features in every later view, 8k resolution, highly detailed, high quality");
    }

    #[test]
    fn what_the_model_cannot_take_is_reported() {
        let plan = keeper().plan(None, &Entropy::seeded(1));
        assert_eq!(plan.ignored.len(), 1);
        assert_eq!(plan.ignored[0].parameter, "negativePrompt");
    }

    #[test]
    fn a_seed_that_we_choose_is_kept_in_the_request() {
        let mut master = MasterReference { seed: None, ..keeper() };
        let plan = master.plan(None, &Entropy::seeded(1));
        assert_eq!(master.seed, Some(plan.recipes[0].seed));
        assert!(plan.recipes[0].seed <= u64::from(u32::MAX));
    }

    #[test]
    fn the_faster_model_gets_its_own_steps() {
        let mut master = MasterReference { model: "flux-schnell".to_owned(), ..keeper() };
        assert_eq!(master.plan(None, &Entropy::seeded(1)).recipes[0].steps, Some(4));
    }
}
