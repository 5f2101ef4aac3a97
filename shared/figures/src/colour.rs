//! Colours: their names, and mixing them.

/// Red, green, blue, sRGB.
pub type Rgb = [u8; 3];

/// Colour words of prompts. Several words for one colour are several lines.
const NAMES: [(&str, Rgb); 52] = [
    ("red", [186, 42, 40]),
    ("scarlet", [200, 36, 36]),
    ("crimson", [158, 24, 46]),
    ("ruby", [155, 17, 48]),
    ("maroon", [110, 28, 36]),
    ("burgundy", [104, 22, 44]),
    ("copper", [184, 102, 58]),
    ("orange", [228, 124, 40]),
    ("ginger", [196, 96, 44]),
    ("auburn", [128, 58, 34]),
    ("rust", [166, 78, 40]),
    ("yellow", [240, 196, 38]),
    ("golden", [222, 172, 62]),
    ("gold", [212, 164, 58]),
    ("brass", [190, 146, 68]),
    ("bronze", [148, 104, 58]),
    ("mustard", [206, 160, 44]),
    ("blond", [222, 188, 116]),
    ("blonde", [222, 188, 116]),
    ("green", [58, 128, 68]),
    ("emerald", [24, 132, 90]),
    ("olive", [110, 112, 58]),
    ("mint", [150, 212, 180]),
    ("lime", [140, 196, 60]),
    ("teal", [30, 124, 126]),
    ("turquoise", [52, 178, 176]),
    ("cyan", [60, 180, 205]),
    ("blue", [48, 92, 178]),
    ("azure", [70, 140, 214]),
    ("navy", [36, 48, 92]),
    ("indigo", [62, 52, 132]),
    ("purple", [112, 62, 146]),
    ("violet", [126, 80, 170]),
    ("lavender", [178, 160, 214]),
    ("pink", [230, 142, 166]),
    ("magenta", [188, 48, 130]),
    ("rose", [214, 112, 130]),
    ("brown", [106, 70, 44]),
    ("chestnut", [112, 60, 36]),
    ("wooden", [140, 96, 56]),
    ("leather", [122, 78, 46]),
    ("tan", [190, 152, 110]),
    ("beige", [214, 196, 164]),
    ("khaki", [170, 156, 110]),
    ("cream", [238, 228, 204]),
    ("white", [240, 240, 236]),
    ("ivory", [236, 228, 210]),
    ("silver", [178, 184, 192]),
    ("iron", [96, 100, 108]),
    ("grey", [132, 134, 140]),
    ("gray", [132, 134, 140]),
    ("black", [40, 40, 46]),
];

/// The colour that a word names: `yellow`, or `#f0c426`.
pub(crate) fn named(word: &str) -> Option<Rgb> {
    if let Some(digits) = word.strip_prefix('#') {
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6)?;
        let [_, r, g, b] = value.to_be_bytes();
        return Some([r, g, b]);
    }
    NAMES.iter().find(|(name, _)| *name == word).map(|(_, colour)| *colour)
}

pub(crate) fn mix(a: Rgb, b: Rgb, share: f64) -> Rgb {
    [0, 1, 2].map(|i| (f64::from(a[i]) + (f64::from(b[i]) - f64::from(a[i])) * share).round().clamp(0.0, 255.0) as u8)
}

/// Darker below 1, lighter above.
pub(crate) fn scaled(colour: Rgb, factor: f64) -> Rgb {
    colour.map(|value| (f64::from(value) * factor).round().clamp(0.0, 255.0) as u8)
}

/// Brightness, 0-255.
pub(crate) fn brightness([r, g, b]: Rgb) -> f64 {
    0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)
}

/// The hue turned, brightness about kept: a rotation of the chroma plane of YIQ.
pub(crate) fn turned(colour: Rgb, degrees: f64) -> Rgb {
    if degrees == 0.0 {
        return colour;
    }
    let [r, g, b] = colour.map(f64::from);
    let y = brightness(colour);
    let i = 0.596 * r - 0.274 * g - 0.322 * b;
    let q = 0.211 * r - 0.523 * g + 0.312 * b;
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (i, q) = (i * cos - q * sin, i * sin + q * cos);
    [y + 0.956 * i + 0.621 * q, y - 0.272 * i - 0.647 * q, y - 1.106 * i + 1.703 * q]
        .map(|value| value.round().clamp(0.0, 255.0) as u8)
}
