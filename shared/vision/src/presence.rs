//! Whether a picture holds the colours of a reference: all that is known of a scene before its figures are found.

use crate::oklab::{self, Lab};
use crate::picture::Picture;

/// A pixel nearer than this in OKLab has the colour; light and shade move a colour by about as much.
const NEAR: f32 = 0.12;
/// A colour that fills this much of the picture is there; less counts in proportion.
const ENOUGH: f64 = 0.004;

/// 0 to 1: how many of `colours` (`#rrggbb`, most important first) the picture holds, the first weighing most. `None`
/// where no colour can be read.
pub fn colour_presence(picture: &Picture, colours: &[String]) -> Option<f64> {
    let wanted: Vec<Lab> = colours.iter().filter_map(|hex| from_hex(hex)).map(oklab::from_rgb).collect();
    if wanted.is_empty() {
        return None;
    }
    let small = picture.thumbnail(192);
    let pixels: Vec<Lab> =
        small.rgb().chunks_exact(3).map(|pixel| oklab::from_rgb([pixel[0], pixel[1], pixel[2]])).collect();
    let share = |colour: Lab| {
        let near = pixels.iter().filter(|&&pixel| oklab::distance(pixel, colour) < NEAR).count();
        near as f64 / pixels.len().max(1) as f64
    };
    let weighted = wanted.iter().enumerate().map(|(rank, &colour)| {
        let weight = 1.0 / (rank + 1) as f64;
        (weight, weight * (share(colour) / ENOUGH).min(1.0))
    });
    let (weights, present) = weighted.fold((0.0, 0.0), |sum, (weight, part)| (sum.0 + weight, sum.1 + part));
    Some(present / weights)
}

pub(crate) fn from_hex(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blue, with a yellow square of `side` of 100 pixels.
    fn flag(side: usize) -> Picture {
        let pixel = |at: usize| if at % 100 < side && at / 100 < side { [240, 200, 20] } else { [30, 60, 160] };
        Picture::from_rgb(100, 100, (0..10_000).flat_map(pixel).collect())
    }

    fn score(picture: &Picture, colours: &[&str]) -> Option<f64> {
        colour_presence(picture, &colours.iter().map(|colour| (*colour).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_colour_counts_as_far_as_it_is_there() {
        assert_eq!(score(&flag(20), &["#f0c814", "#1e3ca0"]), Some(1.0));
        assert_eq!(score(&flag(0), &["#f0c814"]), Some(0.0));
        // The first colour weighs twice as much as the second.
        assert!((score(&flag(0), &["#1e3ca0", "#f0c814"]).unwrap() - 2.0 / 3.0).abs() < 1e-9);
        let sliver = score(&flag(4), &["#f0c814"]).unwrap();
        assert!(sliver > 0.1 && sliver < 0.9, "{sliver}");
        // Shaded, it is the same colour.
        assert_eq!(score(&flag(20), &["#d8b010"]), Some(1.0));
    }

    #[test]
    fn without_a_colour_there_is_no_score() {
        assert_eq!(score(&flag(20), &[]), None);
        assert_eq!(score(&flag(20), &["yellow", "#12", "#ä0000"]), None);
    }
}
