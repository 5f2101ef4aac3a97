//! What a figure looks like, measured and put into words: requirement B1. Stored with a master, said in prompts, and
//! compared with what later pictures show.
//!
//! Not here: whether a picture is consistent, which is `consistency`'s matter and much finer; and what a thing is.
//! Parts are told by their height alone, so that a person's "head" may be hair and its "legs" a skirt; a thing has a
//! top, a middle and a base.

mod words;

mod names;
mod parts;
mod pattern;
mod texture;

use crate::consistency::{Figure, Nature, Pixels};
pub use words::wide_as_high;

use crate::oklab::{self, Lab};
use crate::palette::dominant;

/// A figure's visual specification. Heights are above the feet, as shares of the figure's height.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Specification {
    /// The figure's own colours by share, at most six, without the backdrop; each name once.
    pub palette: Vec<NamedColor>,
    /// How many heads high it is, by the outline: hair and hats are part of the head. People only.
    pub head_to_body_ratio: Option<f64>,
    /// The width by the height, by the outline. Things only: a person's arms change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_to_height: Option<f64>,
    /// Where things are.
    pub landmarks: Heights,
    /// From the top down, only parts in which one colour clearly rules.
    pub parts: Vec<PartColor>,
    /// How it is drawn and woven: "flat tones", "soft shading", "line drawing", "grainy", "striped upper body".
    pub texture_words: Vec<String>,
}

/// A colour of the figure.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedColor {
    /// English, lower case: "dark olive green".
    pub name: String,
    /// sRGB, `#6b3e26`.
    pub hex: String,
    /// 0-1, of the figure.
    pub share: f64,
}

/// The colour that rules a part of the figure.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartColor {
    /// Of a person "top of the head", "head", "upper body", "waist", "legs" or "feet"; of a thing "top", "upper part",
    /// "middle", "lower part" or "base".
    pub part: String,
    /// English, lower case.
    pub name: String,
    /// sRGB, `#6b3e26`: the mean of its shades.
    pub hex: String,
    /// 0-1, of the part.
    pub share: f64,
}

/// Heights above the feet as shares of the figure's height; `None` where nothing marks them.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
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

impl Heights {
    /// Those that both have: name, here, there, and by how much they may differ. Waist and knee are found by colour
    /// and move more.
    fn against(self, other: Self) -> impl Iterator<Item = (&'static str, f64, f64, f64)> {
        let pairs = [
            ("chin", self.chin, other.chin, 0.03),
            ("waist", self.waist, other.waist, 0.06),
            ("hem", self.hem, other.hem, 0.03),
            ("knee", self.knee, other.knee, 0.06),
        ];
        pairs.into_iter().filter_map(|(name, here, there, most)| Some((name, here?, there?, most)))
    }
}

/// At most so many colours.
const MOST: usize = 6;
/// A neck lower than this would be the narrowest place of long hair or of a gown.
const LOWEST_CHIN: f64 = 0.64;

/// Measures a figure, best one seen from the front. The same figure gives the same specification.
pub fn measure(figure: &Figure) -> Specification {
    let (nature, pixels) = (figure.nature, figure.pixels());
    let (landmarks, heads, width) = match nature {
        Nature::Person => {
            let found = figure.landmarks;
            let chin = found.chin.filter(|chin| *chin >= LOWEST_CHIN);
            let heads = chin.map(|chin| (10.0 / (1.0 - chin)).round() / 10.0);
            (Heights { chin, waist: found.waist, hem: found.hem, knee: found.knee }, heads, None)
        }
        Nature::Thing => (Heights::default(), None, Some((100.0 * figure.width_to_height()).round() / 100.0)),
    };
    Specification {
        palette: palette(pixels),
        head_to_body_ratio: heads,
        width_to_height: width,
        landmarks,
        parts: parts::of(nature, pixels),
        texture_words: texture::words(nature, pixels),
    }
}

fn palette(figure: Pixels<'_>) -> Vec<NamedColor> {
    let places = figure.labs.iter().zip(figure.solid);
    let colours: Vec<Lab> = places.filter(|(_, solid)| **solid).map(|(lab, _)| *lab).collect();
    let mut palette: Vec<NamedColor> = Vec::new();
    for (colour, share) in dominant(&colours, 2 * MOST) {
        let name = names::nearest(colour);
        // The largest comes first and lends its hex; its shades add to its share.
        match palette.iter_mut().find(|known| known.name == name) {
            Some(known) => known.share += share,
            None => palette.push(NamedColor { name: name.to_owned(), hex: oklab::hex(colour), share }),
        }
    }
    palette.sort_by(|a, b| b.share.total_cmp(&a.share));
    palette.truncate(MOST);
    palette.iter_mut().for_each(|colour| colour.share = rounded(colour.share));
    palette
}

/// What is stored as JSON and read again is the same number.
fn rounded(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
