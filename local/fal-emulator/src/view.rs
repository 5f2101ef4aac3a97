//! From which side a figure is asked for: the model's angle fields, or the words of the prompt.

use serde_json::{Map, Value};

/// Where the camera stands, in degrees: 0 looks at the front, 90 at the figure's right side, 180 at its back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Angle {
    pub(super) azimuth: f64,
    pub(super) elevation: f64,
}

/// The names of views; the first that occurs decides, so that longer ones come first.
const NAMED: &[(&str, f64)] = &[
    ("three-quarter back", 135.0),
    ("three quarter back", 135.0),
    ("three-quarter rear", 135.0),
    ("back three-quarter", 135.0),
    ("three-quarter left", 315.0),
    ("left three-quarter", 315.0),
    ("three-quarter", 45.0),
    ("three quarter", 45.0),
    ("3/4 view", 45.0),
    ("back view", 180.0),
    ("rear view", 180.0),
    ("from behind", 180.0),
    ("from the back", 180.0),
    ("right profile", 90.0),
    ("right side", 90.0),
    ("right view", 90.0),
    ("from the right", 90.0),
    ("left profile", 270.0),
    ("left side", 270.0),
    ("left view", 270.0),
    ("from the left", 270.0),
    ("side view", 90.0),
    ("profile view", 90.0),
    ("front view", 0.0),
    ("front-facing", 0.0),
    ("facing the camera", 0.0),
    ("from the front", 0.0),
];

/// The angle that is asked for, if any is.
pub(super) fn asked_angle(input: &Map<String, Value>) -> Option<Angle> {
    let number = |name: &str| input.get(name).and_then(Value::as_f64);
    if let Some(azimuth) = number("horizontal_angle") {
        return Some(Angle { azimuth: azimuth % 360.0, elevation: number("vertical_angle").unwrap_or(0.0) });
    }
    let prompt = input.get("prompt").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let named = NAMED.iter().find(|(name, _)| prompt.contains(name)).map(|(_, azimuth)| *azimuth);
    let azimuth = degrees(&prompt).or(named)?;
    Some(Angle { azimuth: azimuth.rem_euclid(360.0), elevation: 0.0 })
}

/// The number in front of the first "degrees", "deg" or "°".
fn degrees(prompt: &str) -> Option<f64> {
    let end = ["°", " deg", "-deg"].iter().filter_map(|unit| prompt.find(unit)).min()?;
    let start = prompt[..end].rfind(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).map_or(0, |at| at + 1);
    prompt.get(start..end)?.trim_start_matches('-').parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::asked_angle;

    fn azimuth(input: &Value) -> Option<f64> {
        asked_angle(input.as_object().unwrap()).map(|angle| angle.azimuth)
    }

    #[test]
    fn fields_degrees_and_words_name_an_angle() {
        assert_eq!(azimuth(&json!({ "horizontal_angle": 360, "prompt": "back view" })), Some(0.0));
        assert_eq!(azimuth(&json!({ "prompt": "Seen from 30 degrees" })), Some(30.0));
        assert_eq!(azimuth(&json!({ "prompt": "turned 135° away, front view" })), Some(135.0));
        assert_eq!(azimuth(&json!({ "prompt": "Right profile of the knight" })), Some(90.0));
        assert_eq!(azimuth(&json!({ "prompt": "three-quarter back view" })), Some(135.0));
        assert_eq!(azimuth(&json!({ "prompt": "a knight, smiling" })), None);
    }
}
