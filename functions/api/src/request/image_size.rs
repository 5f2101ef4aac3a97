//! How large an image is to be: one of fal's presets, or pixels.

use std::ops::RangeInclusive;

use serde::Deserialize;

use crate::request::{errors::Errors, kinds::text_or::TextOr};

/// How long a side may be. What a model makes of it is its own matter, and reported on the job.
const SIDE: RangeInclusive<u32> = 64..=4096;
/// The same where one request to fal brings several images: ingest has them in its memory together.
const SIDE_OF_SEVERAL: RangeInclusive<u32> = 64..=2048;

/// A size as a request names it.
pub(crate) type ImageSize = TextOr<Pixels, Preset>;

/// fal's names for sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Preset {
    #[serde(rename = "square_hd")]
    SquareHd,
    #[serde(rename = "square")]
    Square,
    #[serde(rename = "portrait_4_3")]
    Portrait4To3,
    #[serde(rename = "portrait_16_9")]
    Portrait16To9,
    #[serde(rename = "landscape_4_3")]
    Landscape4To3,
    #[serde(rename = "landscape_16_9")]
    Landscape16To9,
}

/// A size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pixels {
    width: u32,
    height: u32,
}

impl ImageSize {
    /// Width and height, which `pointer` names.
    pub(crate) fn checked(self, pointer: &str, errors: &mut Errors) -> (u32, u32) {
        match self {
            Self::Text(preset) => preset.pixels(),
            Self::Fields(pixels) => pixels.within(SIDE_OF_SEVERAL, pointer, errors),
        }
    }
}

impl Preset {
    /// As fal draws them. A portrait is taller than wide, so that its name is the ratio turned around.
    fn pixels(self) -> (u32, u32) {
        match self {
            Self::SquareHd => (1024, 1024),
            Self::Square => (512, 512),
            Self::Portrait4To3 => (768, 1024),
            Self::Portrait16To9 => (576, 1024),
            Self::Landscape4To3 => (1024, 768),
            Self::Landscape16To9 => (1024, 576),
        }
    }
}

impl Pixels {
    /// Width and height, which `pointer` names.
    pub(crate) fn checked(self, pointer: &str, errors: &mut Errors) -> (u32, u32) {
        self.within(SIDE, pointer, errors)
    }

    fn within(self, range: RangeInclusive<u32>, pointer: &str, errors: &mut Errors) -> (u32, u32) {
        for (name, side) in [("width", self.width), ("height", self.height)] {
            if !range.contains(&side) {
                let detail = format!("must be {} to {} pixels, and is {side}", range.start(), range.end());
                errors.add(&format!("{pointer}/{name}"), detail);
            }
        }
        (self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use likeness_domain::kind::portrait::DEFAULT_SIZE;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_size_is_a_preset_or_pixels() {
        let of = |size| {
            let mut errors = Errors::default();
            let size = serde_json::from_value::<ImageSize>(size).ok()?.checked("/imageSize", &mut errors);
            errors.finish().ok().map(|()| size)
        };
        assert_eq!(of(json!("portrait_4_3")), Some(DEFAULT_SIZE));
        assert_eq!(of(json!("landscape_16_9")), Some((1024, 576)));
        assert_eq!(of(json!({ "width": 64, "height": 2048 })), Some((64, 2048)));
        let outside = [(63, 64), (64, 2049)].map(|(width, height)| json!({ "width": width, "height": height }));
        for bad in [json!("portrait"), json!({ "width": 640 }), json!(1024)].into_iter().chain(outside) {
            assert_eq!(of(bad.clone()), None, "{bad}");
        }
    }
}
