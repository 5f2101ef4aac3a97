//! What vision measured of a figure, as the image's record keeps it.

use likeness_domain::measured::{Heights, Measured, NamedColor, PartColor};
use likeness_vision::specification::{self, Specification};

pub(crate) fn measured(found: Specification) -> Measured {
    let specification::Heights { chin, waist, hem, knee } = found.landmarks;
    let color = |color: specification::NamedColor| NamedColor { name: color.name, hex: color.hex, share: color.share };
    let part = |part: specification::PartColor| PartColor {
        part: part.part,
        name: part.name,
        hex: part.hex,
        share: part.share,
    };
    Measured {
        palette: found.palette.into_iter().map(color).collect(),
        head_to_body_ratio: found.head_to_body_ratio,
        width_to_height: found.width_to_height,
        landmarks: Heights { chin, waist, hem, knee },
        parts: found.parts.into_iter().map(part).collect(),
        texture_words: found.texture_words,
    }
}
