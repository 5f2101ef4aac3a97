//! The 8-pixel grid of hard JPEG compression, by how much of the picture's own detail it drowns.

use super::falling;
use crate::luma::Luma;

/// Pixels of a block.
const BLOCK: usize = 8;
/// Columns at each side of a boundary that belong to its two blocks alone.
const REACH: usize = 6;

/// 1 without a visible grid, 0 where it is on most of what the picture shows.
pub(in crate::quality) fn blockiness(luma: &Luma) -> f64 {
    if luma.width.min(luma.height) < 4 * BLOCK {
        return 1.0;
    }
    let mut across = Phases::default();
    for top in (0..=luma.height - BLOCK).step_by(BLOCK) {
        let mut steps = vec![0_i32; luma.width - 1];
        for y in top..top + BLOCK {
            for (step, pair) in steps.iter_mut().zip(luma.row(y).windows(2)) {
                *step += i32::from((pair[1] - pair[0]).abs());
            }
        }
        across.count(&steps);
    }
    let mut down = Phases::default();
    let columns = luma.width / BLOCK;
    let mut strips = vec![0_i32; columns * (luma.height - 1)];
    for y in 0..luma.height - 1 {
        let (above, below) = (luma.row(y), luma.row(y + 1));
        for (column, (above, below)) in above.chunks_exact(BLOCK).zip(below.chunks_exact(BLOCK)).enumerate() {
            let step: i16 = above.iter().zip(below).map(|(above, below)| (below - above).abs()).sum();
            strips[column * (luma.height - 1) + y] = i32::from(step);
        }
    }
    strips.chunks_exact(luma.height - 1).for_each(|steps| down.count(steps));
    falling((across.visible() + down.visible()) / 2.0, 0.25, 0.65)
}

/// For each place that the grid may have: boundaries with something on either side, and those that stand out.
#[derive(Default)]
struct Phases {
    lively: [u32; BLOCK],
    visible: [u32; BLOCK],
    all: u32,
}

impl Phases {
    /// Sums of eight pixels' steps, along a line.
    fn count(&mut self, steps: &[i32]) {
        let mut sums = Vec::with_capacity(steps.len() + 1);
        sums.push(0);
        for step in steps {
            sums.push(sums[sums.len() - 1] + step);
        }
        for at in REACH..steps.len() - REACH {
            // Of twelve steps within the two blocks.
            let within = sums[at + REACH + 1] - sums[at + 1] + sums[at] - sums[at - REACH];
            let step = steps[at];
            // In levels of a pixel: more than 0.7 together; more than twice what is usual within, and 1.5.
            self.lively[at % BLOCK] += u32::from(12 * step + within > 67);
            self.visible[at % BLOCK] += u32::from(6 * step > within + 72);
        }
        self.all += ((steps.len() - 2 * REACH) / BLOCK) as u32;
    }

    /// How much more is visible at the grid's place than at the usual one. In a picture that is nearly empty, what
    /// little there is does not count as everything.
    fn visible(&self) -> f64 {
        let least = f64::from(self.all) / 50.0;
        let mut shares: [f64; BLOCK] = std::array::from_fn(|phase| {
            f64::from(self.visible[phase]) / f64::from(self.lively[phase]).max(least).max(1.0)
        });
        shares.sort_by(f64::total_cmp);
        shares[BLOCK - 1] - (shares[3] + shares[4]) / 2.0
    }
}
