//! The body that asks for a scene that puts several together.

use likeness_domain::{
    kind::{
        Composite, Kind,
        composite::{
            Camera, CharacterSlot, Composition, ControlImage, FigurePosition, Lighting, MAX_CHARACTERS, MAX_CONTROLS,
            MAX_PROPS, MAX_VARIATIONS,
        },
    },
    prompt::Wording,
    recipe::ControlMode,
};
use serde::Deserialize;

use crate::request::{
    errors::Errors,
    image_size::Pixels,
    kinds::{AsksFor, text_or::TextOr, tuned::Tuned},
};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateComposite {
    description: String,
    references: References,
    lighting: Option<TextOr<Lighting>>,
    camera_angle: Option<TextOr<Camera>>,
    composition: Option<Composition>,
    resolution: Option<Pixels>,
    #[serde(default)]
    control_images: Vec<Control>,
    variations: Option<u16>,
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
    position: TextOr<Point>,
    #[serde(default = "own_size")]
    scale: f64,
    pose: Option<String>,
}

/// Of the middle of the figure, 0 to 1 from the left and from the top.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    x: f64,
    y: f64,
}

fn center() -> TextOr<Point> {
    TextOr::Text("center".to_owned())
}

fn own_size() -> f64 {
    1.0
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

impl AsksFor for Tuned<CreateComposite> {
    fn kind(self, errors: &mut Errors, wording: &Wording) -> Option<Kind> {
        let CreateComposite { description, references, .. } = &self.body;
        let description = description.trim().to_owned();
        errors.prompt("/description", &description, wording);
        references.check(errors);
        let CreateComposite { references, lighting, camera_angle, composition, resolution, control_images, .. } =
            self.body;
        let References { characters, location, props, style } = references;
        let characters = characters.into_iter().enumerate();
        let characters = characters.filter_map(|(i, one)| one.validated(i, errors, wording)).collect();
        let location = location.and_then(|image| errors.image("/references/location", &image));
        let props = props.iter().enumerate();
        let props = props.filter_map(|(i, image)| errors.image(&format!("/references/props/{i}"), image)).collect();
        let style = style.and_then(|image| errors.image("/references/style", &image));
        let lighting = lighting.map(|lighting| checked_lighting(lighting, errors, wording));
        let camera = camera_angle.map(|camera| checked_camera(camera, errors, wording));
        if control_images.len() > MAX_CONTROLS {
            let detail = format!("must have at most {MAX_CONTROLS} images, and has {}", control_images.len());
            errors.add("/controlImages", detail);
        }
        let controls = control_images.into_iter().enumerate();
        let controls = controls.filter_map(|(i, control)| control.validated(i, errors)).collect();
        let size = resolution.map(|pixels| pixels.checked("/resolution", errors));
        let variations = errors.variations(self.body.variations, MAX_VARIATIONS);
        errors.tuning(&self.tuning);
        Some(Kind::Composite(Composite {
            description,
            characters,
            location,
            props,
            style,
            lighting,
            camera,
            composition,
            size,
            controls,
            variations,
            tuning: self.tuning,
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
                errors.add(&format!("/references/{name}"), format!("must have at most {most} images, and has {count}"));
            }
        }
    }
}

impl Character {
    fn validated(self, at: usize, errors: &mut Errors, wording: &Wording) -> Option<CharacterSlot> {
        let Self { reference_id, position, scale, pose } = self;
        let place = |field: &str| format!("/references/characters/{at}/{field}");
        let reference = errors.image(&place("referenceId"), &reference_id);
        let position = match position {
            TextOr::Text(words) => {
                errors.words(&place("position"), Some(&words), 100, wording);
                FigurePosition::Words(words)
            }
            TextOr::Fields(Point { x, y }) => {
                for (name, part) in [("x", x), ("y", y)] {
                    if !(0.0..=1.0).contains(&part) {
                        let detail = format!("must be 0 to 1, a part of the picture and no pixels, and is {part}");
                        errors.add(&place(&format!("position/{name}")), detail);
                    }
                    errors.plain(&place(&format!("position/{name}")), part);
                }
                FigurePosition::Point { x, y }
            }
        };
        if scale <= 0.0 {
            errors.add(&place("scale"), "must be greater than 0");
        } else if scale > 4.0 {
            errors.add(&place("scale"), format!("must be at most 4, and is {scale}"));
        } else {
            errors.plain(&place("scale"), scale);
        }
        errors.words(&place("pose"), pose.as_deref(), 200, wording);
        Some(CharacterSlot { reference: reference?, position, scale, pose })
    }
}

fn checked_lighting(lighting: TextOr<Lighting>, errors: &mut Errors, wording: &Wording) -> Lighting {
    match lighting {
        TextOr::Text(words) => {
            errors.words("/lighting", Some(&words), 100, wording);
            Lighting { kind: Some(words), ..Lighting::default() }
        }
        TextOr::Fields(lighting) => {
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
                errors.add("/lighting/colorTemperature", "must be 1000 to 20000 kelvin");
            }
            lighting
        }
    }
}

fn checked_camera(camera: TextOr<Camera>, errors: &mut Errors, wording: &Wording) -> Camera {
    match camera {
        TextOr::Text(words) => {
            errors.words("/cameraAngle", Some(&words), 100, wording);
            Camera { angle: Some(words), ..Camera::default() }
        }
        TextOr::Fields(camera) => {
            let Camera { angle, shot, lens, focus } = &camera;
            for (name, text) in [("angle", angle), ("shot", shot), ("lens", lens), ("focus", focus)] {
                errors.words(&format!("/cameraAngle/{name}"), text.as_deref(), 100, wording);
            }
            camera
        }
    }
}

impl Control {
    fn validated(self, at: usize, errors: &mut Errors) -> Option<ControlImage> {
        let image = errors.image(&format!("/controlImages/{at}/image"), &self.image);
        if !(0.0..=2.0).contains(&self.strength) {
            errors.add(&format!("/controlImages/{at}/strength"), format!("must be 0 to 2, and is {}", self.strength));
        }
        errors.plain(&format!("/controlImages/{at}/strength"), self.strength);
        Some(ControlImage { image: image?, mode: self.mode, strength: self.strength })
    }
}
