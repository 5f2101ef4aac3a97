//! The body that asks for a scene that puts several together.

use likeness_core::{
    kind::{
        Composite, Kind, Tuning,
        composite::{
            Camera, CharacterSlot, Composition, ControlImage, Lighting, MAX_CHARACTERS, MAX_CONTROLS, MAX_PROPS,
            MAX_VARIATIONS, Position,
        },
    },
    prompt::Wording,
    recipe::ControlMode,
};
use serde::Deserialize;

use crate::{
    problem::ApiError,
    request::{image_size::Pixels, validation::Errors},
};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateComposite {
    description: String,
    references: References,
    lighting: Option<LightingWords>,
    camera_angle: Option<CameraWords>,
    composition: Option<Composition>,
    resolution: Option<Pixels>,
    #[serde(default)]
    control_images: Vec<Control>,
    variations: Option<u16>,
    model: Option<String>,
    seed: Option<u64>,
    negative_prompt: Option<String>,
    steps: Option<u32>,
    guidance: Option<f64>,
    output_format: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct References {
    #[serde(default)]
    characters: Vec<Character>,
    location: Option<String>,
    #[serde(default)]
    props: Vec<String>,
    style: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Character {
    reference_id: String,
    #[serde(default = "center")]
    position: Position,
    #[serde(default = "own_size")]
    scale: f64,
    pose: Option<String>,
}

fn center() -> Position {
    Position::Words("center".to_owned())
}

fn own_size() -> f64 {
    1.0
}

#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "must be words, or an object with type, direction, intensity, colorTemperature (in kelvin), timeOfDay and mood"
)]
enum LightingWords {
    Free(String),
    Fields(Lighting),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "must be words, or an object with angle, shot, lens and focus")]
enum CameraWords {
    Free(String),
    Fields(Camera),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Control {
    image: String,
    mode: ControlMode,
    #[serde(default = "usual_strength")]
    strength: f64,
}

fn usual_strength() -> f64 {
    0.7
}

impl CreateComposite {
    pub(crate) fn validated(self, wording: &Wording) -> Result<Kind, ApiError> {
        let mut errors = Errors::default();
        errors.prompt("/description", self.description.trim(), wording);
        self.references.check(&mut errors);
        let References { characters, location, props, style } = self.references;
        let characters = characters.into_iter().enumerate();
        let characters = characters.filter_map(|(i, one)| one.validated(i, &mut errors, wording)).collect();
        let location = location.and_then(|image| errors.image("/references/location", &image));
        let props = props.iter().enumerate();
        let props = props.filter_map(|(i, image)| errors.image(&format!("/references/props/{i}"), image)).collect();
        let style = style.and_then(|image| errors.image("/references/style", &image));
        let lighting = self.lighting.map(|lighting| lighting.validated(&mut errors, wording));
        let camera = self.camera_angle.map(|camera| camera.validated(&mut errors, wording));
        if self.control_images.len() > MAX_CONTROLS {
            errors.add("/controlImages", format!("holds more than {MAX_CONTROLS} images"));
        }
        let controls = self.control_images.into_iter().enumerate();
        let controls = controls.filter_map(|(i, control)| control.validated(i, &mut errors)).collect();
        let size = self.resolution.map(|pixels| pixels.checked("/resolution", &mut errors));
        let variations = errors.variations(self.variations, MAX_VARIATIONS);
        let tuning = Tuning {
            model: self.model,
            seed: self.seed,
            negative_prompt: self.negative_prompt,
            steps: self.steps,
            guidance: self.guidance,
            output_format: self.output_format,
        };
        errors.tuning(&tuning);
        errors.finish()?;
        Ok(Kind::Composite(Composite {
            description: self.description.trim().to_owned(),
            characters,
            location,
            props,
            style,
            lighting,
            camera,
            composition: self.composition,
            size,
            controls,
            variations,
            tuning,
        }))
    }
}

impl References {
    /// Checks how many there are; what a model takes is looked at when the job is planned.
    fn check(&self, errors: &mut Errors) {
        let Self { characters, location, props, style } = self;
        if characters.is_empty() && location.is_none() && props.is_empty() && style.is_none() {
            errors.add("/references", "names no image: add at least one of characters, location, props and style");
        }
        for (name, count, most) in [("characters", characters.len(), MAX_CHARACTERS), ("props", props.len(), MAX_PROPS)]
        {
            if count > most {
                errors.add(&format!("/references/{name}"), format!("holds {count} images, at most {most} are allowed"));
            }
        }
    }
}

impl Character {
    fn validated(self, at: usize, errors: &mut Errors, wording: &Wording) -> Option<CharacterSlot> {
        let Self { reference_id, position, scale, pose } = self;
        let place = |field: &str| format!("/references/characters/{at}/{field}");
        let reference = errors.image(&place("referenceId"), &reference_id);
        match &position {
            Position::Words(words) => errors.words(&place("position"), Some(words), 100, wording),
            Position::Point { x, y } => {
                for (name, part) in [("x", x), ("y", y)] {
                    if !(0.0..=1.0).contains(part) {
                        let detail = format!("is {part}, 0 to 1 are allowed: parts of the picture, not pixels");
                        errors.add(&place(&format!("position/{name}")), detail);
                    }
                    errors.plain(&place(&format!("position/{name}")), *part);
                }
            }
        }
        if scale <= 0.0 {
            errors.add(&place("scale"), "must be greater than 0");
        } else if scale > 4.0 {
            errors.add(&place("scale"), format!("is {scale}, at most 4 is allowed"));
        } else {
            errors.plain(&place("scale"), scale);
        }
        errors.words(&place("pose"), pose.as_deref(), 200, wording);
        Some(CharacterSlot { reference: reference?, position, scale, pose })
    }
}

impl LightingWords {
    fn validated(self, errors: &mut Errors, wording: &Wording) -> Lighting {
        match self {
            Self::Free(words) => {
                errors.words("/lighting", Some(&words), 100, wording);
                Lighting { kind: Some(words), ..Lighting::default() }
            }
            Self::Fields(lighting) => {
                let Lighting { kind, direction, intensity, color_temperature, time_of_day, mood } = &lighting;
                for (name, text) in [
                    ("type", kind),
                    ("direction", direction),
                    ("intensity", intensity),
                    ("timeOfDay", time_of_day),
                    ("mood", mood),
                ] {
                    errors.words(&format!("/lighting/{name}"), text.as_deref(), 100, wording);
                }
                if color_temperature.is_some_and(|kelvin| !(1000..=20_000).contains(&kelvin)) {
                    errors.add("/lighting/colorTemperature", "is not between 1000 and 20000 kelvin");
                }
                lighting
            }
        }
    }
}

impl CameraWords {
    fn validated(self, errors: &mut Errors, wording: &Wording) -> Camera {
        match self {
            Self::Free(words) => {
                errors.words("/cameraAngle", Some(&words), 100, wording);
                Camera { angle: Some(words), ..Camera::default() }
            }
            Self::Fields(camera) => {
                let Camera { angle, shot, lens, focus } = &camera;
                for (name, text) in [("angle", angle), ("shot", shot), ("lens", lens), ("focus", focus)] {
                    errors.words(&format!("/cameraAngle/{name}"), text.as_deref(), 100, wording);
                }
                camera
            }
        }
    }
}

impl Control {
    fn validated(self, at: usize, errors: &mut Errors) -> Option<ControlImage> {
        let image = errors.image(&format!("/controlImages/{at}/image"), &self.image);
        if !(0.0..=2.0).contains(&self.strength) {
            errors.add(&format!("/controlImages/{at}/strength"), "is not between 0 and 2");
        }
        errors.plain(&format!("/controlImages/{at}/strength"), self.strength);
        Some(ControlImage { image: image?, mode: self.mode, strength: self.strength })
    }
}
