//! What is measured of the figure in a picture. `likeness-vision` measures it, of a master reference when it is stored;
//! the image's record keeps it and later prompts hold to it.

use serde::{Deserialize, Serialize};

use crate::subject::VisualSpecifications;

/// The looks of a figure. Heights are above the feet, as shares of the figure's height.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// The figure's own colours by share, without the backdrop; each name once.
    pub palette: Vec<NamedColor>,
    /// How many heads high it is, by the outline: hair and hats are part of the head.
    pub head_to_body_ratio: Option<f64>,
    /// The width by the height: of things and places, which have no heads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_to_height: Option<f64>,
    /// Where things are.
    pub landmarks: Heights,
    /// From the top down, only parts in which one colour clearly rules.
    pub parts: Vec<PartColor>,
    /// How it is drawn and woven, for example "flat tones", "striped upper body".
    pub texture_words: Vec<String>,
}

/// A colour of the figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedColor {
    /// English, lower case.
    pub name: String,
    /// sRGB, `#6b3e26`.
    pub hex: String,
    /// 0 to 1, of the figure.
    pub share: f64,
}

/// The colour that rules a part of the figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartColor {
    /// For example "upper body".
    pub part: String,
    /// English, lower case.
    pub name: String,
    /// sRGB, `#6b3e26`: the mean of its shades.
    pub hex: String,
    /// 0 to 1, of the part.
    pub share: f64,
}

/// Heights above the feet; `None` where nothing marks them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Heights {
    /// The neck.
    pub chin: Option<f64>,
    /// The trunk's narrowest place, or where its colour changes.
    pub waist: Option<f64>,
    /// Where legs or feet become two.
    pub hem: Option<f64>,
    /// Where the colour of the legs changes.
    pub knee: Option<f64>,
}

impl Measured {
    /// In the words of specifications, for what was not given.
    #[must_use]
    pub fn in_words(&self) -> VisualSpecifications {
        let parts: Vec<String> = self.parts.iter().map(|part| format!("{} {}", part.part, part.name)).collect();
        let joined = |words: &[String]| (!words.is_empty()).then(|| words.join(", "));
        VisualSpecifications {
            proportions: self
                .head_to_body_ratio
                .map(|heads| format!("{heads:.1} heads tall"))
                .or(self.width_to_height.map(|width| format!("{width:.1} times as wide as high"))),
            coloring: joined(&parts),
            texture: joined(&self.texture_words),
            color_palette: self.palette.iter().map(|color| color.hex.clone()).collect(),
            ..VisualSpecifications::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_stands_behind_what_was_given() {
        let (name, hex) = ("navy blue".to_owned(), "#1f2a52".to_owned());
        let measured = Measured {
            palette: vec![NamedColor { name: name.clone(), hex: hex.clone(), share: 0.6 }],
            head_to_body_ratio: Some(7.25),
            width_to_height: None,
            landmarks: Heights::default(),
            parts: vec![PartColor { part: "upper body".to_owned(), name, hex, share: 0.9 }],
            texture_words: vec!["flat tones".to_owned(), "striped legs".to_owned()],
        };
        let given = VisualSpecifications { texture: Some("woven".to_owned()), ..VisualSpecifications::default() };
        let both = given.or(measured.in_words());
        assert_eq!(both.texture.as_deref(), Some("woven"));
        assert_eq!(both.coloring.as_deref(), Some("upper body navy blue"));
        assert_eq!((both.proportions.as_deref(), both.color_palette.len()), (Some("7.2 heads tall"), 1));
        let thing = Measured { head_to_body_ratio: None, width_to_height: Some(1.52), ..measured };
        assert_eq!(thing.in_words().proportions.as_deref(), Some("1.5 times as wide as high"));
    }
}
