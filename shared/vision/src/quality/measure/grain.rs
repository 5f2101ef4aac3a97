//! Noise of the sensor or the model: it changes from pixel to pixel. What a lens drew (sand, cloth, fur) is as rough or
//! rougher at twice the size, and is no noise.

use super::falling;
use crate::luma::Luma;

const BLOCK: usize = 16;
/// White noise is half as rough at twice the size; from here on it is texture.
const TEXTURE: f64 = 1.2;
const NOISE: f64 = 0.6;

/// Immerkaer's estimate, per block, at two sizes, taken where there is little of it; every other block, as on a
/// chessboard. Burnt-out blocks say nothing.
pub(in crate::quality) fn noise(luma: &Luma) -> f64 {
    let mut sigmas = Vec::new();
    for (row, top) in (1..luma.height.saturating_sub(BLOCK)).step_by(BLOCK).enumerate() {
        for left in (1 + row % 2 * BLOCK..luma.width.saturating_sub(BLOCK)).step_by(2 * BLOCK) {
            let (fine, light) = fine(luma, left, top);
            if (4..252).contains(&light) {
                let rougher = coarse(luma, left, top) / fine.max(1e-3);
                sigmas.push(fine * ((TEXTURE - rougher) / NOISE).clamp(0.0, 1.0));
            }
        }
    }
    if sigmas.is_empty() {
        return 1.0;
    }
    let quarter = sigmas.len() / 4;
    let (_, sigma, _) = sigmas.select_nth_unstable_by(quarter, f64::total_cmp);
    falling(*sigma, 2.5, 14.0)
}

/// Of a mean absolute response.
fn sigma(sum: i32, count: usize) -> f64 {
    std::f64::consts::FRAC_PI_2.sqrt() / 6.0 * f64::from(sum) / count as f64
}

/// The standard deviation of what is between neighbours, and the mean brightness.
fn fine(luma: &Luma, left: usize, top: usize) -> (f64, i32) {
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
    (sigma(sum, BLOCK * BLOCK), light / (BLOCK * BLOCK) as i32)
}

/// The same between means of two by two pixels.
fn coarse(luma: &Luma, left: usize, top: usize) -> f64 {
    const HALF: usize = BLOCK / 2;
    let mut means = [[0_i16; HALF]; HALF];
    for (row, means) in means.iter_mut().enumerate() {
        let [above, below] = [2 * row, 2 * row + 1].map(|y| &luma.row(top + y)[left..left + BLOCK]);
        for (column, mean) in means.iter_mut().enumerate() {
            // Four times the mean: the sum.
            *mean = above[2 * column] + above[2 * column + 1] + below[2 * column] + below[2 * column + 1];
        }
    }
    let mut sum = 0_i32;
    for y in 1..HALF - 1 {
        for x in 1..HALF - 1 {
            let [above, here, below] = [means[y - 1], means[y], means[y + 1]];
            let corners = above[x - 1] + above[x + 1] + below[x - 1] + below[x + 1];
            let sides = above[x] + below[x] + here[x - 1] + here[x + 1];
            sum += i32::from((corners - 2 * sides + 4 * here[x]).abs());
        }
    }
    sigma(sum, 4 * (HALF - 2) * (HALF - 2))
}
