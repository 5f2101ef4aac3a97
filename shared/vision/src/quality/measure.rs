//! The measures one by one. Thresholds were set on rendered figures and their damaged copies: see the tests of `quality`.

use crate::backdrop::Subject;
use crate::luma::Luma;
use crate::picture::Picture;

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

/// Of the strongest edges, which share of the whole step happens between two pixels: 0.5-1 for a drawn edge,
/// 0.4 / sigma under a Gaussian blur.
pub(super) fn sharpness(luma: &Luma) -> f64 {
    const SPAN: usize = 8;
    let mut shares = Vec::new();
    for plane in [luma, &luma.transposed()] {
        for y in (0..plane.height).step_by(2) {
            for window in plane.row(y).windows(SPAN + 1).step_by(2) {
                let whole = (window[SPAN] - window[0]).abs();
                if whole >= EDGE {
                    let steepest = window.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max().unwrap_or(0);
                    shares.push((whole, f64::from(steepest) / f64::from(whole)));
                }
            }
        }
    }
    // A picture of any size with fewer edges than an icon's outline is a blur.
    if shares.len() <= (luma.width + luma.height) / 8 {
        return 0.0;
    }
    shares.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
    shares.truncate((shares.len() / 3).max(1));
    shares.sort_by(|a, b| a.1.total_cmp(&b.1));
    rising(shares[shares.len() / 2].1, 0.14, 0.30)
}

/// The least step over eight pixels that counts as an edge.
const EDGE: i16 = 24;

/// Clipped highlights and shadows of the subject, its mean brightness, and the contrast of the whole.
pub(super) fn exposure(subject: &Subject) -> f64 {
    let mut lights: Vec<f32> = subject.labs.iter().map(|lab| lab[0]).collect();
    lights.sort_by(f32::total_cmp);
    let contrast = f64::from(lights[lights.len() * 97 / 100] - lights[lights.len() * 3 / 100]);

    let inside =
        || subject.colours.iter().zip(&subject.inside).filter(|(_, inside)| **inside).map(|(colour, _)| colour);
    let count = inside().count() as f64;
    let share = |burnt: fn(&&[u8; 3]) -> bool| inside().filter(burnt).count() as f64 / count;
    let white = share(|colour| colour.iter().filter(|&&value| value >= 253).count() >= 2);
    let black = share(|colour| colour.iter().all(|&value| value <= 6));
    let mean = f64::from(
        subject.labs.iter().zip(&subject.inside).filter(|(_, inside)| **inside).map(|(lab, _)| lab[0]).sum::<f32>(),
    ) / count;

    rising(contrast, 0.05, 0.25)
        * falling(white, 0.25, 0.75)
        * falling(black, 0.45, 0.95)
        * rising(mean, 0.08, 0.27)
        * falling(mean, 0.86, 0.98)
}

/// Immerkaer's noise estimate, per block, taken where the picture is smoothest. Burnt-out blocks say nothing.
pub(super) fn noise(luma: &Luma) -> f64 {
    const BLOCK: usize = 16;
    let mut sigmas = Vec::new();
    for top in (1..luma.height.saturating_sub(BLOCK)).step_by(BLOCK) {
        for left in (1..luma.width.saturating_sub(BLOCK)).step_by(BLOCK) {
            let (mut sum, mut light) = (0_i32, 0_i32);
            for y in top..top + BLOCK {
                let [above, here, below] = [y - 1, y, y + 1].map(|y| &luma.row(y)[left - 1..=left + BLOCK]);
                for x in 1..=BLOCK {
                    let corners = above[x - 1] + above[x + 1] + below[x - 1] + below[x + 1];
                    let sides = above[x] + below[x] + here[x - 1] + here[x + 1];
                    sum += i32::from((corners - 2 * sides + 4 * here[x]).abs());
                    light += i32::from(here[x]);
                }
            }
            let area = (BLOCK * BLOCK) as i32;
            if (4..252).contains(&(light / area)) {
                sigmas.push((std::f64::consts::FRAC_PI_2).sqrt() / 6.0 * f64::from(sum) / f64::from(area));
            }
        }
    }
    if sigmas.is_empty() {
        return 1.0;
    }
    sigmas.sort_by(f64::total_cmp);
    falling(sigmas[sigmas.len() / 4], 2.5, 14.0)
}

/// How much more the brightness bends at every eighth column than between: the best phase against the median of all.
pub(super) fn blockiness(luma: &Luma) -> f64 {
    if luma.width < 32 {
        return 1.0;
    }
    // Strong edges belong to the drawing, so each bend counts for no more than this.
    const CAP: i16 = 12;
    let mut sums = [0_u64; 8];
    for y in 0..luma.height {
        let row = luma.row(y);
        for (x, step) in row.windows(4).enumerate() {
            let bend = (2 * (step[2] - step[1]) - (step[1] - step[0]) - (step[3] - step[2])).abs();
            sums[(x + 2) % 8] += u64::from(bend.min(CAP).unsigned_abs());
        }
    }
    let strongest = sums.iter().copied().max().unwrap_or(0) as f64;
    sums.sort_unstable();
    let usual = (sums[3] + sums[4]) as f64 / 2.0;
    // One level per pixel on top, so that a drawing without any texture is not judged by its last bit. The ratio is then
    // 1.0 without JPEG, 1.4-1.5 at its quality 75-95, 1.6 at 50, 1.8 at 30 and 1.9 below.
    let floor = (luma.width * luma.height) as f64 / 8.0;
    falling((strongest + floor) / (usual + floor), 1.45, 2.0)
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
