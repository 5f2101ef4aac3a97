//! How large an output is: presets, objects, aspect ratios, or the input's own size.

use serde_json::{Map, Value};

/// fal's presets. Note that `portrait_16_9` is 9:16.
pub(super) const PRESETS: &[(&str, u32, u32)] = &[
    ("square_hd", 1024, 1024),
    ("square", 512, 512),
    ("portrait_4_3", 768, 1024),
    ("portrait_16_9", 576, 1024),
    ("landscape_4_3", 1024, 768),
    ("landscape_16_9", 1024, 576),
    ("auto", 1024, 1024),
    ("auto_2K", 2048, 2048),
    ("auto_4K", 4096, 4096),
];

/// No side is drawn longer than this, whatever was asked for: the emulator is no stress test of the machine.
const LONGEST_SIDE: u32 = 4096;
/// An object's sides when omitted.
const OMITTED_SIDE: u32 = 512;
const MEGAPIXEL: f64 = 1024.0 * 1024.0;

/// The size of a preset.
pub(super) fn preset(name: &str) -> Option<(u32, u32)> {
    PRESETS.iter().find(|(preset, ..)| *preset == name).map(|(_, width, height)| (*width, *height))
}

/// The output's width and height, multiples of 16. `first_reference` is the size of the first input image.
pub(super) fn output_size(input: &Map<String, Value>, first_reference: Option<(u32, u32)>) -> (u32, u32) {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let asked = match input.get("image_size") {
        Some(Value::String(name)) => preset(name),
        Some(Value::Object(sides)) => Some((side(sides, "width"), side(sides, "height"))),
        _ => None,
    };
    let ratio = text("aspect_ratio").or_else(|| text("resolution_mode")).and_then(parse_ratio);
    let megapixels = match text("resolution") {
        Some("0.5K") => 0.25,
        Some("2K") => 4.0,
        Some("4K") => 16.0,
        _ => 1.0,
    };
    let of_reference = first_reference.map(|(width, height)| f64::from(width) / f64::from(height));
    let (width, height) =
        asked.or_else(|| Some(with_area(ratio.or(of_reference)?, megapixels))).unwrap_or((1024, 1024));
    (to_sixteen(width), to_sixteen(height))
}

/// Megapixels as fal bills them: 1024 x 1024 px, each image rounded up.
pub(super) fn billed_megapixels(width: u32, height: u32) -> f64 {
    (f64::from(width) * f64::from(height) / MEGAPIXEL).ceil()
}

fn side(sides: &Map<String, Value>, name: &str) -> u32 {
    sides.get(name).and_then(Value::as_u64).and_then(|side| u32::try_from(side).ok()).unwrap_or(OMITTED_SIDE)
}

fn parse_ratio(text: &str) -> Option<f64> {
    let (width, height) = text.split_once(':')?;
    Some(width.parse::<f64>().ok()? / height.parse::<f64>().ok()?)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side in pixels, a few thousand")]
fn with_area(ratio: f64, megapixels: f64) -> (u32, u32) {
    let height = (megapixels * MEGAPIXEL / ratio).sqrt();
    ((height * ratio).round() as u32, height.round() as u32)
}

fn to_sixteen(side: u32) -> u32 {
    ((side.min(LONGEST_SIDE) + 8) / 16 * 16).max(16)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{billed_megapixels, output_size};

    fn size(input: &Value, reference: Option<(u32, u32)>) -> (u32, u32) {
        output_size(input.as_object().unwrap(), reference)
    }

    #[test]
    fn sizes_come_from_preset_object_ratio_or_input() {
        assert_eq!(size(&json!({ "image_size": "portrait_16_9" }), None), (576, 1024));
        assert_eq!(size(&json!({ "image_size": { "width": 1000 } }), None), (1008, 512));
        assert_eq!(size(&json!({ "aspect_ratio": "16:9" }), Some((512, 512))), (1360, 768));
        assert_eq!(size(&json!({}), Some((768, 1024))), (880, 1184));
        assert_eq!(size(&json!({ "aspect_ratio": "auto", "resolution": "2K" }), Some((10, 10))), (2048, 2048));
    }

    #[test]
    fn a_megapixel_begun_is_a_megapixel() {
        assert_eq!(billed_megapixels(1024, 768), 1.0);
        assert_eq!(billed_megapixels(1024, 1040), 2.0);
    }
}
