//! Words for places on a figure, by their height alone: a person may wear anything, and a thing may be anything.

/// Which words fit a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nature {
    /// A person or a creature drawn like one: head, upper body, legs.
    #[default]
    Person,
    /// A thing or a place: top, middle, base.
    Thing,
}

/// The part in the middle of a box of the canon (left, top, right, bottom as shares).
pub(super) fn name(nature: Nature, [_, top, _, bottom]: [f64; 4]) -> &'static str {
    match (bottom - top > 0.6, nature) {
        (true, Nature::Person) => "whole figure",
        (true, Nature::Thing) => "whole of it",
        (false, _) => at(nature, (top + bottom) / 2.0),
    }
}

/// The part at a share of the height from the top.
pub(crate) fn at(nature: Nature, down: f64) -> &'static str {
    match nature {
        Nature::Person => match down {
            d if d < 0.10 => "top of the head",
            d if d < 0.24 => "head",
            d if d < 0.46 => "upper body",
            d if d < 0.60 => "waist",
            d if d < 0.88 => "legs",
            _ => "feet",
        },
        Nature::Thing => match down {
            d if d < 0.14 => "top",
            d if d < 0.40 => "upper part",
            d if d < 0.62 => "middle",
            d if d < 0.88 => "lower part",
            _ => "base",
        },
    }
}
