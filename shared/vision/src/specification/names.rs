//! English names of colours (`data/colors.json`), the nearest as seen.

use std::sync::LazyLock;

use crate::oklab::{self, Lab};
use crate::presence::from_hex;

#[derive(serde::Deserialize)]
struct Named {
    name: String,
    hex: String,
}

static TABLE: LazyLock<Vec<(String, Lab)>> = LazyLock::new(|| {
    let named: Vec<Named> =
        serde_json::from_str(include_str!("../../data/colors.json")).expect("the committed colours are valid");
    let lab = |hex: &str| oklab::from_rgb(from_hex(hex).expect("the committed colours are #rrggbb"));
    named.into_iter().map(|Named { name, hex }| (name, lab(&hex))).collect()
});

/// A colour's name is more a matter of hue than of light: a brown a little darker than the sample is not grey.
const LIGHTNESS: f32 = 0.7;

/// The name of the colour that is nearest in OKLab.
pub(super) fn nearest(colour: Lab) -> &'static str {
    let weighed = |[lightness, a, b]: Lab| [LIGHTNESS * lightness, a, b];
    let away = |named: &&(String, Lab)| oklab::distance(weighed(named.1), weighed(colour));
    TABLE.iter().min_by(|a, b| away(a).total_cmp(&away(b))).map_or("", |named| &named.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(hex: &str) -> &'static str {
        nearest(oklab::from_rgb(from_hex(hex).unwrap()))
    }

    #[test]
    fn colours_are_called_what_people_call_them() {
        // The table's own samples would prove nothing: these are from CSS, from paint and from crayons.
        let cases = [
            ("#000000", "black"),
            ("#ffffff", "white"),
            ("#808080", "grey"),
            ("#d6a024", "mustard yellow"),
            ("#000080", "dark blue"),
            ("#3a2a20", "dark brown"),
            ("#ff0000", "bright red"),
            ("#6b8e23", "leaf green"),
            ("#800000", "dark red"),
            ("#ffa500", "bright orange"),
            ("#008080", "teal"),
            ("#e6e6fa", "pale lavender"),
            ("#f5f5dc", "ivory"),
            ("#4b0082", "dark purple"),
            ("#ffc0cb", "light pink"),
            ("#87ceeb", "sky blue"),
            ("#228b22", "green"),
            ("#a52a2a", "brick red"),
        ];
        let found: Vec<_> = cases.iter().map(|(hex, _)| (*hex, name(hex))).collect();
        assert_eq!(found, cases);
    }

    #[test]
    fn no_two_names_are_alike() {
        for (at, (name, lab)) in TABLE.iter().enumerate() {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == ' '), "{name}");
            for (other, there) in &TABLE[at + 1..] {
                assert!(name != other && oklab::distance(*lab, *there) > 0.02, "{name} and {other}");
            }
        }
        assert!((60..=140).contains(&TABLE.len()));
    }
}
