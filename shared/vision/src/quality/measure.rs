//! The measures one by one. Thresholds were set on rendered figures and on 81 photographs of 15 things and pets
//! (DreamBooth's, 640 x 640) with their damaged copies, subjects left out in folds: `examples/real_quality` prints what
//! they tell apart.

use crate::backdrop::Subject;
use crate::luma::Luma;
use crate::picture::Picture;

mod blocks;
mod grain;

pub(super) use blocks::blockiness;
pub(super) use grain::noise;

/// Black within what JPEG leaves of black, or hardly any difference between the pixels of the shrunk picture.
pub(super) fn is_blank(colours: &[[u8; 3]]) -> bool {
    let dark = colours.iter().filter(|colour| colour.iter().all(|&value| value < 12)).count();
    let spread = |channel: usize| {
        let mut values: Vec<u8> = colours.iter().map(|colour| colour[channel]).collect();
        values.sort_unstable();
        let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
        at(0.995) - at(0.005)
    };
    dark * 1000 >= colours.len() * 995 || (0..3).map(spread).all(|spread| spread < 8)
}

/// The least step over eight pixels that counts as an edge.
const EDGE: i16 = 24;
/// Pixels that an edge is looked at over.
const SPAN: usize = 8;
/// In a picture with a shallow depth of field a tenth of the strongest edges lies in focus.
const IN_FOCUS: f64 = 0.9;

/// Of the strongest edges, which share of the whole step happens between two pixels where the picture is sharpest: 0.5
/// and more in focus, 0.4 / sigma under a Gaussian blur.
pub(super) fn sharpness(luma: &Luma) -> f64 {
    let mut edges = Vec::new();
    for y in (0..luma.height).step_by(2) {
        for window in luma.row(y).windows(SPAN + 1).step_by(2) {
            let whole = (window[SPAN] - window[0]).abs();
            if whole >= EDGE {
                let steepest = window.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max().unwrap_or(0);
                edges.push((whole, f32::from(steepest) / f32::from(whole)));
            }
        }
    }
    for y in (0..luma.height.saturating_sub(SPAN)).step_by(2) {
        let rows: [&[i16]; SPAN + 1] = std::array::from_fn(|below| luma.row(y + below));
        for x in (0..luma.width).step_by(2) {
            let whole = (rows[SPAN][x] - rows[0][x]).abs();
            if whole >= EDGE {
                let steepest = rows.windows(2).map(|pair| (pair[1][x] - pair[0][x]).abs()).max().unwrap_or(0);
                edges.push((whole, f32::from(steepest) / f32::from(whole)));
            }
        }
    }
    // A picture of any size with fewer edges than an icon's outline is a blur.
    if edges.len() <= (luma.width + luma.height) / 8 {
        return 0.0;
    }
    let strong = (edges.len() / 3).max(1);
    edges.select_nth_unstable_by(strong - 1, |a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
    edges.truncate(strong);
    let place = ((strong - 1) as f64 * IN_FOCUS) as usize;
    let (_, sharpest, _) = edges.select_nth_unstable_by(place, |a, b| a.1.total_cmp(&b.1));
    rising(f64::from(sharpest.1), 0.17, 0.52)
}

/// Clipped highlights and shadows by their share of the subject, its mean brightness, and the contrast of the whole.
pub(super) fn exposure(picture: &Picture, subject: &Subject) -> f64 {
    let mut lights: Vec<f32> = subject.labs.iter().map(|lab| lab[0]).collect();
    lights.sort_by(f32::total_cmp);
    let contrast = f64::from(lights[lights.len() * 97 / 100] - lights[lights.len() * 3 / 100]);
    let inside = subject.labs.iter().zip(&subject.inside).filter(|(_, inside)| **inside).map(|(lab, _)| lab[0]);
    let (sum, count) = inside.fold((0.0, 0.0), |(sum, count), light| (sum + f64::from(light), count + 1.0));
    let mean = sum / count;

    let clipped = Clipped::of(picture, subject);
    rising(contrast, 0.05, 0.25)
        // A strong colour is at one end by itself; where light was cut off, two channels are somewhere.
        * falling(clipped.tinted.min(clipped.double), 0.009, 0.075)
        * falling(clipped.white, 0.40, 0.85)
        * falling(clipped.black, 0.45, 0.95)
        * rising(mean, 0.08, 0.27)
        * falling(mean, 0.88, 0.985)
}

/// Shares of the subject, at a quarter of the picture's pixels.
struct Clipped {
    /// A channel is at its end while the others still change: light that was cut off, and no white thing and no flat
    /// paint.
    tinted: f64,
    /// Two channels are at their end.
    double: f64,
    white: f64,
    black: f64,
}

impl Clipped {
    fn of(picture: &Picture, subject: &Subject) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let rgb = picture.rgb();
        let inside = within(subject);
        let (mut tinted, mut double, mut white, mut black, mut all) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
        for y in (0..height).step_by(2) {
            let mask = &inside[y * subject.height / height * subject.width..][..subject.width];
            let row = &rgb[y * width * 3..(y + 1) * width * 3];
            // A pixel and the next but one.
            for (index, pair) in row.chunks_exact(6).zip(row[6.min(row.len())..].chunks_exact(3).step_by(2)).enumerate()
            {
                if !mask[2 * index * subject.width / width] {
                    continue;
                }
                let (pixel, next) = (&pair.0[..3], pair.1);
                let (most, least) = (pixel[0].max(pixel[1]).max(pixel[2]), pixel[0].min(pixel[1]).min(pixel[2]));
                all += 1;
                black += u32::from(most <= 6);
                if most >= 254 {
                    let ends = pixel.iter().filter(|&&value| value >= 254).count();
                    double += u32::from(ends >= 2);
                    white += u32::from(ends == 3);
                    let changes = (0..3).any(|channel| pixel[channel].abs_diff(next[channel]) >= 2);
                    tinted += u32::from(least < 250 && changes);
                }
            }
        }
        let share = |count: u32| f64::from(count) / f64::from(all.max(1));
        Self { tinted: share(tinted), double: share(double), white: share(white), black: share(black) }
    }
}

/// The subject without its rim, in whose cells the backdrop shows too.
fn within(subject: &Subject) -> Vec<bool> {
    let (width, inside) = (subject.width, &subject.inside);
    let whole = |at: usize| {
        let beside = [at.checked_sub(width), Some(at + width)].into_iter().flatten();
        let left = (!at.is_multiple_of(width)).then(|| at - 1);
        let right = (at % width + 1 < width).then_some(at + 1);
        inside[at] && beside.chain(left).chain(right).all(|next| inside.get(next).is_none_or(|inside| *inside))
    };
    let within: Vec<bool> = (0..inside.len()).map(whole).collect();
    if within.contains(&true) { within } else { inside.clone() }
}

pub(super) fn resolution(picture: &Picture) -> f64 {
    let side = (f64::from(picture.width()) * f64::from(picture.height())).sqrt();
    rising(side.ln(), 64_f64.ln(), 896_f64.ln())
}

/// 0 at `from`, 1 at `to`, clamped.
fn rising(value: f64, from: f64, to: f64) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

/// 1 at `from`, 0 at `to`, clamped.
fn falling(value: f64, from: f64, to: f64) -> f64 {
    1.0 - rising(value, from, to)
}
