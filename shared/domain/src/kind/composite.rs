//! The composite: a scene that puts characters, a place and props together, each as its reference shows it.

mod cast;
mod words;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::cast::Cast;
pub use self::cast::Sought;
use super::{Material, Plan, Setting, Tuning, Unfit, cache_key, check_references, fitted};
use crate::{
    field::Field,
    id::project_folder,
    image_ref::ImageRef,
    media::ImageType,
    model::Model,
    prompt::{Template, composition_words},
    quote::{self, Line},
    recipe::{Control, ControlMode, Draft, Recipe},
    storage_plan::StoragePlan,
    subject::VisualSpecifications,
};

/// Most characters of one scene.
pub const MAX_CHARACTERS: usize = 10;
/// Most props of one scene.
pub const MAX_PROPS: usize = 10;
/// Most control images of one scene.
pub const MAX_CONTROLS: usize = 4;
/// Most variations of one request.
pub const MAX_VARIATIONS: u16 = 4;
/// The size unless the request names one.
pub const DEFAULT_SIZE: (u32, u32) = (1920, 1080);

const STEPS: u32 = 50;

/// A request for a scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Composite {
    /// What happens, 10-1,000 characters.
    pub description: String,
    /// The characters in it.
    pub characters: Vec<CharacterSlot>,
    /// Where it is.
    pub location: Option<ImageRef>,
    /// What else is in it.
    pub props: Vec<ImageRef>,
    /// A picture in whose style it is.
    pub style: Option<ImageRef>,
    pub lighting: Option<Lighting>,
    pub camera: Option<Camera>,
    /// How the figures fill the frame.
    pub composition: Option<Composition>,
    /// Pixels, where the request names them.
    pub size: Option<(u32, u32)>,
    /// Pictures that lay it out.
    pub controls: Vec<ControlImage>,
    /// How many pictures to choose from.
    pub variations: u16,
    /// How it is generated.
    pub tuning: Tuning,
}

/// A character in a scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CharacterSlot {
    /// A master reference or one angle of a profile.
    pub reference: ImageRef,
    /// Where they stand.
    pub position: FigurePosition,
    /// Their size against the others; 1 is their own.
    pub scale: f64,
    /// What they do.
    pub pose: Option<String>,
}

/// Where a character stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "must be words such as left, or an object with x and y, each 0 to 1")]
pub enum FigurePosition {
    /// In words: `left`, `in the doorway`.
    Words(String),
    /// Of the middle of the figure, 0 to 1 from the left and from the top.
    Point {
        /// From the left.
        x: f64,
        /// From the top.
        y: f64,
    },
}

/// The light of a scene.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Lighting {
    /// For example `soft`, `hard`, `neon`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Where it comes from.
    pub direction: Option<String>,
    /// For example `low`, `bright`.
    pub intensity: Option<String>,
    /// Kelvin.
    pub color_temperature: Option<u32>,
    /// For example `dusk`.
    pub time_of_day: Option<String>,
    /// For example `tense`.
    pub mood: Option<String>,
}

/// The camera of a scene.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Camera {
    /// For example `low angle`, `bird's-eye view`.
    pub angle: Option<String>,
    /// For example `wide shot`, `close-up`.
    pub shot: Option<String>,
    /// For example `35mm lens`.
    pub lens: Option<String>,
    /// For example `shallow depth of field`.
    pub focus: Option<String>,
}

/// How the figures fill the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Composition {
    /// Whole figures.
    FullBody,
    /// Upper bodies.
    Portrait,
    /// Movement, and what is around.
    Action,
}

/// A picture that lays out the scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlImage {
    pub image: ImageRef,
    /// What is read off it.
    pub mode: ControlMode,
    /// How strictly it is followed, 0 to 2.
    pub strength: f64,
}

impl Composite {
    pub(super) fn image_refs_mut(&mut self) -> Vec<(Field, &mut ImageRef)> {
        let characters = self.characters.iter_mut().enumerate();
        let mut all: Vec<_> = characters.map(|(i, slot)| (Field::Character(i), &mut slot.reference)).collect();
        all.extend(self.location.iter_mut().map(|pointer| (Field::Location, pointer)));
        let props = self.props.iter_mut().enumerate();
        all.extend(props.map(|(i, pointer)| (Field::Prop(i), pointer)));
        all.extend(self.style.iter_mut().map(|pointer| (Field::Style, pointer)));
        let controls = self.controls.iter_mut().enumerate();
        all.extend(controls.map(|(i, control)| (Field::Control(i), &mut control.image)));
        all
    }

    /// One shot for each variation.
    pub(super) fn plan(&mut self, material: &Material, setting: &Setting<'_>) -> Result<Plan, Unfit> {
        let defaults = Model::defaults();
        let default = if self.controls.is_empty() { &defaults.composite } else { &defaults.composite_with_control };
        let model = self.tuning.model(default)?;
        self.tuning.check(model)?;
        let cast = self.cast(material)?;
        check_references(model, cast.sources.len(), Field::Cast)?;
        if model.control_weights.is_none() && !self.controls.is_empty() {
            let able = Model::all().iter().filter(|other| other.control_weights.is_some());
            let able: Vec<&str> = able.map(|other| other.id.as_str()).collect();
            let detail = format!("are not taken by {}; leave out model, or use {}", model.id, able.join(", "));
            return Err(Unfit::new(Field::Controls, detail));
        }
        let template =
            Template::chosen("composite", &format!("{}/{}", setting.project, self.description), setting.wording);
        let (prompt, seed) = (self.prompt(template, &cast), self.tuning.seed(setting.rng));
        let wanted = Draft {
            references: cast.sources.clone(),
            controls: self.control_sources(material)?,
            ..self.tuning.draft(prompt, template.reference(), seed, self.size.unwrap_or(DEFAULT_SIZE), STEPS)
        };
        let mut named = self.tuning.named();
        // The usual size is no wish of the caller's, but that it cannot be had is news all the same.
        named.push("resolution");
        let (first, ignored) = fitted(&wanted, model, &named, material)?;
        let seed = first.seed;
        let recipes: Vec<Recipe> =
            (0..self.variations).map(|i| Recipe { seed: seed + u64::from(i), ..first.clone() }).collect();
        let lines = quote::merged(recipes.iter().map(Line::of));
        Ok(Plan {
            quote: quote::total(&lines),
            lines,
            ignored,
            storage_plan: StoragePlan {
                image_type: ImageType::CompositeShot,
                folder: project_folder(setting.project, "composites"),
                subject: None,
                subject_type: None,
                person: None,
                lora: None,
                owner: None,
                specifications: VisualSpecifications::default(),
                slots: cast.slots,
            },
            together: None,
            cache_key: Some(cache_key("composite", &recipes, self.tuning.seed.is_some(), &Value::Null)),
            new_subject: None,
            recipes,
        })
    }

    fn control_sources(&self, material: &Material) -> Result<Vec<Control>, Unfit> {
        let controls = self.controls.iter().enumerate().map(|(i, control)| {
            let image = material.source(&control.image, Field::Control(i))?;
            Ok(Control { image, mode: control.mode, strength: control.strength })
        });
        controls.collect()
    }

    fn prompt(&self, template: &Template, cast: &Cast) -> String {
        let props = if cast.props.is_empty() { String::new() } else { format!("with {}", cast.props.join(" and ")) };
        let composition = self.composition.map(|composition| composition_words(composition.as_str()));
        template.fill(&[
            ("description", &self.description),
            ("characters", &cast.characters.join("; ")),
            ("location", &cast.location),
            ("props", &props),
            ("artStyle", &cast.style),
            ("composition", composition.unwrap_or_default()),
            ("camera", &self.camera.as_ref().map(Camera::words).unwrap_or_default()),
            ("lighting", &self.lighting.as_ref().map(Lighting::words).unwrap_or_default()),
        ])
    }
}

impl Composition {
    /// The word used in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FullBody => "full-body",
            Self::Portrait => "portrait",
            Self::Action => "action",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::master::tests::planned;

    fn image(number: usize) -> ImageRef {
        ImageRef::Url(format!("https://images.example.com/{number}.png"))
    }

    fn character(number: usize, position: FigurePosition, scale: f64) -> CharacterSlot {
        CharacterSlot { reference: image(number), position, scale, pose: Some("waving".to_owned()) }
    }

    fn scene() -> Composite {
        Composite {
            description: "two keepers greet the boat".to_owned(),
            characters: vec![
                character(0, FigurePosition::Words("left".to_owned()), 1.0),
                character(1, FigurePosition::Point { x: 0.75, y: 0.5 }, 0.5),
            ],
            location: Some(image(2)),
            props: Vec::new(),
            style: None,
            lighting: Some(Lighting {
                kind: Some("soft".to_owned()),
                direction: Some("the left".to_owned()),
                color_temperature: Some(5600),
                ..Lighting::default()
            }),
            camera: Some(Camera { angle: Some("low angle".to_owned()), ..Camera::default() }),
            composition: Some(Composition::FullBody),
            size: None,
            controls: Vec::new(),
            variations: 1,
            tuning: Tuning { seed: Some(3), ..Tuning::default() },
        }
    }

    fn plan(scene: &Composite) -> Result<Plan, Unfit> {
        planned(|setting| scene.clone().plan(&Material::default(), setting))
    }

    #[test]
    fn everything_that_was_asked_for_stands_in_the_prompt() {
        let plan = plan(&scene()).unwrap();
        insta::assert_snapshot!(plan.recipes[0].prompt, @"two keepers greet the boat, the character of image 1, on the left side of the frame, waving; the character of image 2, on the right side of the frame, 75% from the left and 50% from the top, at 50% of natural size, waving, set in the place of image 3, full body shot, complete figure visible, low angle, soft lighting, light from the left, 5600 K, preserve exact facial features, eye color, hairstyle and costume of every character, one coherent scene, consistent light and perspective, professional photography, high quality, detailed environment");
        let recipe = &plan.recipes[0];
        assert_eq!((recipe.model.as_str(), recipe.references.len()), ("flux-2-edit", 3));
        assert_eq!((recipe.width, recipe.height), (1920, 1080));
        let bright = |kind: &str| Lighting { kind: Some(kind.to_owned()), ..Lighting::default() }.words();
        assert_eq!(["neon", "golden hour light"].map(bright), ["neon lighting", "golden hour light"]);
        let slots: Vec<&str> = plan.storage_plan.slots.iter().map(|slot| slot.slot.as_str()).collect();
        assert_eq!(slots, ["character-0", "character-1", "location"]);
    }

    #[test]
    fn references_are_never_cut_in_silence() {
        let crowd = Composite { props: (3..6).map(image).collect(), ..scene() };
        let error = plan(&crowd).unwrap_err();
        assert_eq!(error.field, Field::Cast);
        assert_eq!(
            error.detail,
            "are 6 images, and flux-2-edit takes 4; nano-banana-2-edit, seedream-edit take as many"
        );
        let roomy = Tuning { model: Some("nano-banana-2-edit".to_owned()), ..Tuning::default() };
        assert_eq!(plan(&Composite { tuning: roomy, ..crowd }).unwrap().recipes[0].references.len(), 6);
    }

    #[test]
    fn the_same_image_in_two_places_is_shown_once() {
        let twins = Composite {
            characters: vec![
                character(0, FigurePosition::Words("left".to_owned()), 1.0),
                character(0, FigurePosition::Words("right".to_owned()), 1.0),
            ],
            location: None,
            ..scene()
        };
        let plan = plan(&twins).unwrap();
        assert_eq!((plan.recipes[0].references.len(), plan.storage_plan.slots.len()), (1, 2));
    }

    #[test]
    fn control_images_choose_a_model_that_follows_them() {
        let control = ControlImage { image: image(9), mode: ControlMode::Pose, strength: 0.8 };
        let alone = Composite {
            characters: vec![character(0, FigurePosition::Words("left".to_owned()), 1.0)],
            location: None,
            controls: vec![control],
            ..scene()
        };
        let recipe = plan(&alone).unwrap().recipes.remove(0);
        assert_eq!((recipe.model.as_str(), recipe.controls.len()), ("flux-general", 1));
        let error = plan(&Composite { location: Some(image(2)), ..alone.clone() }).unwrap_err();
        assert!(error.detail.starts_with("are 2 images, and flux-general takes 1"), "{}", error.detail);
        let tuning = Tuning { model: Some("flux-2-edit".to_owned()), ..Tuning::default() };
        assert_eq!(plan(&Composite { tuning, ..alone }).unwrap_err().field, Field::Controls);
    }
}
