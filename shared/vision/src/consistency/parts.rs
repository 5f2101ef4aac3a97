//! Words for places on a figure, by their height alone: a figure may wear anything.

/// The part in the middle of a box of the canon (left, top, right, bottom as shares).
pub(super) fn name([_, top, _, bottom]: [f64; 4]) -> &'static str {
    if bottom - top > 0.6 {
        return "whole figure";
    }
    at((top + bottom) / 2.0)
}

/// The part at a share of the height from the top.
pub(crate) fn at(down: f64) -> &'static str {
    match down {
        d if d < 0.10 => "top of the head",
        d if d < 0.24 => "head",
        d if d < 0.46 => "upper body",
        d if d < 0.60 => "waist",
        d if d < 0.88 => "legs",
        _ => "feet",
    }
}
