//! The plain background of a studio picture: what is flooded from the border.

use crate::oklab::{self, Lab};
use crate::picture::Picture;

/// How far, in OKLab, a backdrop may wander from the border's typical colour (a vignette) and from pixel to pixel.
const FROM_TYPICAL: f32 = 0.13;
const FROM_NEIGHBOUR: f32 = 0.025;
/// How much of the border must be of that colour for there to be a backdrop at all.
const OF_BORDER: f64 = 0.8;

/// A picture shrunk to at most 128 pixels, with what belongs to the subject marked.
pub(crate) struct Subject {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) colours: Vec<[u8; 3]>,
    pub(crate) labs: Vec<Lab>,
    /// All true when there is no plain backdrop, or nothing in front of it.
    pub(crate) inside: Vec<bool>,
}

pub(crate) fn found(picture: &Picture) -> Subject {
    let small = picture.thumbnail(128);
    let (width, height) = (small.width() as usize, small.height() as usize);
    let colours: Vec<[u8; 3]> = small.rgb().chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
    let labs: Vec<Lab> = colours.iter().map(|&colour| oklab::from_rgb(colour)).collect();
    let outside = flood(&labs, width, height);
    let inside = if outside.iter().filter(|&&out| !out).count() * 100 < outside.len() {
        vec![true; outside.len()]
    } else {
        outside.iter().map(|out| !out).collect()
    };
    Subject { width, height, colours, labs, inside }
}

fn flood(labs: &[Lab], width: usize, height: usize) -> Vec<bool> {
    let mut outside = vec![false; labs.len()];
    let on_border = |at: &usize| {
        let (x, y) = (at % width, at / width);
        x == 0 || y == 0 || x == width - 1 || y == height - 1
    };
    let border: Vec<usize> = (0..labs.len()).filter(on_border).collect();
    let typical = [0, 1, 2].map(|channel| {
        let mut values: Vec<f32> = border.iter().map(|&at| labs[at][channel]).collect();
        values.sort_by(f32::total_cmp);
        values[values.len() / 2]
    });
    let mut open: Vec<usize> =
        border.iter().copied().filter(|&at| oklab::distance(labs[at], typical) < FROM_TYPICAL).collect();
    if (open.len() as f64) < OF_BORDER * border.len() as f64 {
        return outside;
    }
    for &at in &open {
        outside[at] = true;
    }
    while let Some(at) = open.pop() {
        let (x, y) = (at % width, at / width);
        let neighbours = [
            (x > 0).then(|| at - 1),
            (x + 1 < width).then_some(at + 1),
            (y > 0).then(|| at - width),
            (y + 1 < height).then_some(at + width),
        ];
        for next in neighbours.into_iter().flatten() {
            let plain = oklab::distance(labs[next], typical) < FROM_TYPICAL
                && oklab::distance(labs[next], labs[at]) < FROM_NEIGHBOUR;
            if plain && !outside[next] {
                outside[next] = true;
                open.push(next);
            }
        }
    }
    outside
}
