//! The portrait: pictures of a person from a LoRA that knows their face, several from one request.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Material, Plan, Setting, Tuning, Unfit, cache_key, fitted};
use crate::{
    field::Field,
    id::{LoraId, PersonId},
    lora::Lora,
    media::ImageType,
    model::Model,
    person::Person,
    prompt::Template,
    quote::{self, Line},
    recipe::{Draft, LoraUse, OWN_WORDS},
    storage_plan::{Relation, StoragePlan},
    subject::VisualSpecifications,
};

/// Most images of one request.
pub const MAX_IMAGES: u32 = 4;
/// The size unless the request names one: `portrait_4_3`.
pub const DEFAULT_SIZE: (u32, u32) = (768, 1024);

const STEPS: u32 = 28;
const GUIDANCE: f64 = 3.5;

/// A request for portraits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Portrait {
    /// The person that it shows.
    pub of: Sitter,
    /// What it shows.
    pub prompt: PortraitPrompt,
    /// How many pictures, of one request.
    pub images: u32,
    /// Pixels.
    pub size: (u32, u32),
    /// How strongly the LoRA acts, 0 to 4.
    pub scale: f64,
    /// How it is generated.
    pub tuning: Tuning,
}

/// The person that a portrait shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sitter {
    /// The person of this LoRA.
    Lora(LoraId),
    /// This person, by the most recent LoRA.
    Person(PersonId),
}

/// What a portrait shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PortraitPrompt {
    /// In the caller's own words, which are left as they are.
    Text(String),
    /// Put together from what was chosen.
    Built(Choices),
}

/// What is chosen for a portrait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Choices {
    /// For example `full-body photo`, `close-up`.
    pub type_of_shot: String,
    /// For example `astronaut`.
    pub costume: String,
    /// For example `haunted house`.
    pub background: String,
    /// Years; the person's own unless given.
    pub age: Option<u8>,
    /// The person's own unless given.
    pub gender: Option<String>,
    /// The word that stands for the person; the LoRA's or the person's own unless given.
    pub trigger_word: Option<String>,
}

impl Portrait {
    /// One shot that brings all images.
    pub(super) fn plan(&mut self, material: &Material, setting: &Setting<'_>) -> Result<Plan, Unfit> {
        let lora = material.lora.as_ref().filter(|lora| lora.is_ready());
        let lora = lora.ok_or_else(|| match &self.of {
            Sitter::Lora(_) => Unfit::new(Field::Lora, "is not ready: its file was not uploaded and checked yet"),
            Sitter::Person(_) => Unfit::new(Field::Person, "has no LoRA that is ready to be used"),
        })?;
        let model = self.tuning.model(&Model::defaults().portrait)?;
        if model.max_loras == 0 || model.references.as_ref().is_some_and(|references| references.required) {
            return Err(Unfit::new(Field::Model, format!("makes no portraits from a LoRA: {}", model.id)));
        }
        self.tuning.check(model)?;
        let template = Template::chosen("portrait", &format!("{}/{}", setting.project, lora.person), setting.wording);
        let description = self.prompt.words(material.person.as_ref(), lora)?;
        let (prompt, template) = match &self.prompt {
            // Free text is sent, and answered, to the letter.
            PortraitPrompt::Text(text) => (text.clone(), OWN_WORDS.to_owned()),
            PortraitPrompt::Built(_) => (template.fill(&[("description", &description)]), template.reference()),
        };
        let wanted = Draft {
            guidance: Some(self.tuning.guidance.unwrap_or(GUIDANCE)),
            images: self.images,
            output_format: self.tuning.output_format.clone().unwrap_or_else(|| "jpeg".to_owned()),
            loras: vec![LoraUse { id: lora.id, key: lora.key.clone(), scale: self.scale }],
            ..self.tuning.draft(prompt, template, self.tuning.seed(setting.rng), self.size, STEPS)
        };
        let (recipe, ignored) = fitted(&wanted, model, &self.tuning.named(), material)?;
        let recipes = vec![recipe];
        let lines = quote::merged(recipes.iter().map(Line::of));
        Ok(Plan {
            quote: quote::total(&lines),
            lines,
            ignored,
            storage_plan: StoragePlan {
                image_type: ImageType::Portrait,
                folder: format!("{}-{}", lora.person, lora.id),
                subject: None,
                subject_type: None,
                person: Some(lora.person.clone()),
                lora: Some(lora.id),
                owner: Some((lora.person.to_string(), Relation::HasPortrait)),
                specifications: VisualSpecifications::default(),
                slots: Vec::new(),
            },
            together: None,
            cache_key: Some(cache_key("portrait", &recipes, self.tuning.seed.is_some(), &json!(lora.id))),
            new_subject: None,
            recipes,
        })
    }
}

impl PortraitPrompt {
    fn words(&self, person: Option<&Person>, lora: &Lora) -> Result<String, Unfit> {
        let Self::Built(choices) = self else { return Ok(String::new()) };
        let Choices { type_of_shot, costume, background, .. } = choices;
        let missing = |field| Unfit::new(field, "is neither given nor known of the person");
        let age = choices.age.or(person.and_then(|person| person.age)).ok_or_else(|| missing(Field::Age))?;
        let gender = choices.gender.clone().or_else(|| person.and_then(|person| person.gender.clone()));
        let gender = gender.ok_or_else(|| missing(Field::Gender))?;
        let known = lora.trigger_word.clone().or_else(|| person.and_then(|person| person.trigger_word.clone()));
        let trigger = choices.trigger_word.clone().or(known).ok_or_else(|| missing(Field::TriggerWord))?;
        let who = format!("{age}-year-old {}", noun(&gender, age));
        Ok(format!(
            "{} of {} dressed as {} with {} background, {trigger}",
            capitalised(&with_article(type_of_shot)),
            with_article(&who),
            with_article(costume),
            with_article(background),
        ))
    }
}

/// A girl is a girl and not an 8-year-old woman.
fn noun(gender: &str, age: u8) -> &str {
    let child = age < 18;
    match gender.to_lowercase().as_str() {
        "female" | "f" | "woman" | "girl" => ["woman", "girl"][usize::from(child)],
        "male" | "m" | "man" | "boy" => ["man", "boy"][usize::from(child)],
        "nonbinary" | "non-binary" | "other" | "x" | "diverse" => ["person", "child"][usize::from(child)],
        _ => gender,
    }
}

/// `words` with the article that they need; some come with one.
fn with_article(words: &str) -> String {
    let first = words.split_whitespace().next().unwrap_or_default();
    let has_one = ["a", "an", "the"].iter().any(|article| first.eq_ignore_ascii_case(article));
    if has_one { words.to_owned() } else { format!("{} {words}", article(words)) }
}

/// `an` before a vowel that is heard: an 8-year-old, an 1800s dress, an hour; a unicorn, a 100-year-old, a one-eyed pirate.
fn article(words: &str) -> &'static str {
    let first = words.split([' ', '-']).next().unwrap_or_default().to_lowercase();
    let digits = first.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
    let vowel = if digits.is_empty() {
        let starts = |beginnings: &[&str]| beginnings.iter().any(|beginning| first.starts_with(beginning));
        // "Uninhabited" and "unidentified" are heard with a vowel, as "university" is not.
        let like_you = starts(&["uni", "use", "usu", "eu", "ufo", "uto"]) && !starts(&["unim", "unin", "unid"]);
        let like_won = matches!(first.as_str(), "one" | "once");
        let silent_h = starts(&["hour", "honest", "honor", "honour", "heir"]);
        silent_h || (starts(&["a", "e", "i", "o", "u"]) && !like_you && !like_won)
    } else {
        let teens = digits.starts_with("11") || digits.starts_with("18");
        digits.starts_with('8') || (teens && matches!(digits.len(), 2 | 4))
    };
    if vowel { "an" } else { "a" }
}

fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::{kind::master::tests::planned, lora::LoraState};

    fn material() -> Material {
        let id = "7".parse().unwrap();
        let lora = Lora {
            id,
            project: "isle".parse().unwrap(),
            person: "ada".parse().unwrap(),
            trigger_word: Some("74828".to_owned()),
            key: "loras/ada/7-secret.safetensors".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            state: LoraState::Ready {
                bytes: 1,
                etag: "e".to_owned(),
                tensors: 1,
                base_model: None,
                metadata: BTreeMap::new(),
                ready_at: Timestamp::UNIX_EPOCH,
            },
        };
        let person = Person {
            id: "ada".parse().unwrap(),
            project: "isle".parse().unwrap(),
            name: Some("Ada".to_owned()),
            trigger_word: None,
            age: Some(8),
            gender: Some("female".to_owned()),
            latest_lora: Some(id),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        Material { lora: Some(lora), person: Some(person), ..Material::default() }
    }

    fn portrait(prompt: PortraitPrompt) -> Portrait {
        Portrait {
            of: Sitter::Person("ada".parse().unwrap()),
            prompt,
            images: 4,
            size: DEFAULT_SIZE,
            scale: 1.0,
            tuning: Tuning::default(),
        }
    }

    fn choices(costume: &str, age: Option<u8>) -> PortraitPrompt {
        PortraitPrompt::Built(Choices {
            type_of_shot: "full-body photo".to_owned(),
            costume: costume.to_owned(),
            background: "haunted house".to_owned(),
            age,
            gender: None,
            trigger_word: None,
        })
    }

    fn plan(prompt: PortraitPrompt, material: &Material) -> Result<Plan, Unfit> {
        planned(|setting| portrait(prompt).plan(material, setting))
    }

    #[test]
    fn a_prompt_is_built_with_the_right_articles_and_nouns() {
        let prompt = |costume: &str, age| plan(choices(costume, age), &material()).unwrap().recipes.remove(0).prompt;
        assert_eq!(
            prompt("astronaut", None),
            "A full-body photo of an 8-year-old girl dressed as an astronaut with a haunted house background, 74828"
        );
        assert!(prompt("unicorn", Some(34)).contains("of a 34-year-old woman dressed as a unicorn with"));
        let articles =
            ["11-year-old", "18-year-old", "80-year-old", "extreme close-up", "hour", "1-year-old", "100-year-old"];
        assert_eq!(articles.map(article), ["an", "an", "an", "an", "an", "a", "a"]);
        assert_eq!(["European castle", "one-eyed pirate", "umbrella", "witch"].map(article), ["a", "a", "an", "a"]);
        let eras = ["80s rocker", "1800s ballroom", "1920s flapper", "180-year-old oak", "uninhabited island"];
        assert_eq!(eras.map(article), ["an", "an", "a", "a", "an"]);
        assert!(prompt("the Joker", None).contains("dressed as the Joker with a haunted"), "not two articles");
    }

    #[test]
    fn four_images_come_of_one_request_and_free_text_is_left_alone() {
        let text = "74828 is looking at the camera, smiling, with a haunted house in the background.";
        let plan = plan(PortraitPrompt::Text(text.to_owned()), &material()).unwrap();
        let recipe = &plan.recipes[0];
        assert_eq!((plan.recipes.len(), recipe.images, recipe.prompt.as_str()), (1, 4, text));
        assert_eq!((recipe.width, recipe.height, recipe.steps, recipe.guidance), (768, 1024, Some(28), Some(3.5)));
        assert_eq!((plan.storage_plan.folder.as_str(), plan.quote.unwrap().micros()), ("ada-7", 140_000));
    }

    #[test]
    fn what_is_missing_is_named() {
        let nobody = Material { person: None, ..material() };
        assert_eq!(plan(choices("witch", None), &nobody).unwrap_err().field, Field::Age);
        let no_lora = Material { lora: None, ..material() };
        assert_eq!(plan(choices("witch", None), &no_lora).unwrap_err().field, Field::Person);
    }
}
