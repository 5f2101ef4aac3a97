//! What was measured of a master reference, in the words of its specifications, so that later prompts hold to it.

use likeness_core::subject::VisualSpecifications;
use likeness_vision::specification::{Specification, wide_as_high};

/// Fields for what was not given.
pub(crate) fn in_words(measured: &Specification) -> VisualSpecifications {
    let parts: Vec<String> = measured.parts.iter().map(|part| format!("{} {}", part.part, part.name)).collect();
    let joined = |words: &[String]| (!words.is_empty()).then(|| words.join(", "));
    VisualSpecifications {
        proportions: measured
            .head_to_body_ratio
            .map(|heads| format!("{heads:.1} heads tall"))
            .or(measured.width_to_height.map(wide_as_high)),
        coloring: joined(&parts),
        texture: joined(&measured.texture_words),
        color_palette: measured.palette.iter().map(|color| color.hex.clone()).collect(),
        ..VisualSpecifications::default()
    }
}

#[cfg(test)]
mod tests {
    use likeness_vision::specification::{NamedColor, PartColor};

    use super::*;

    #[test]
    fn what_is_measured_stands_behind_what_was_given() {
        let (name, hex) = ("navy blue".to_owned(), "#1f2a52".to_owned());
        let measured = Specification {
            palette: vec![NamedColor { name: name.clone(), hex: hex.clone(), share: 0.6 }],
            head_to_body_ratio: Some(7.25),
            width_to_height: None,
            landmarks: Default::default(),
            parts: vec![PartColor { part: "upper body".to_owned(), name, hex, share: 0.9 }],
            texture_words: vec!["flat tones".to_owned(), "striped legs".to_owned()],
        };
        let given = VisualSpecifications { texture: Some("woven".to_owned()), ..VisualSpecifications::default() };
        let both = given.or(in_words(&measured));
        assert_eq!(both.texture.as_deref(), Some("woven"));
        assert_eq!(both.coloring.as_deref(), Some("upper body navy blue"));
        assert_eq!((both.proportions.as_deref(), both.color_palette.len()), (Some("7.2 heads tall"), 1));
    }
}
