//! A shrunk picture's colours as a grid: its border, the flood that comes from there, and connected parts.

use crate::consistency::wall::Wall;
use crate::oklab::{self, Lab};

/// How far the backdrop may be, in OKLab, from the border's typical colour.
pub(super) const FROM_TYPICAL: f32 = 0.11;
/// A shadow keeps the backdrop's colour and may be this much darker.
const SHADOW: f32 = 0.42;
const SHADOW_TINT: f32 = 0.022;
/// From pixel to pixel: grain, JPEG's ringing and a shadow's slope stay below.
const STEP: f32 = 0.026;

/// The colours, row by row.
pub(super) struct Grid<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) labs: &'a [Lab],
}

impl Grid<'_> {
    fn neighbours(&self, at: usize) -> impl Iterator<Item = usize> {
        let (x, y) = (at % self.width, at / self.width);
        [
            (x > 0).then(|| at - 1),
            (x + 1 < self.width).then_some(at + 1),
            (y > 0).then(|| at - self.width),
            (y + 1 < self.height).then_some(at + self.width),
        ]
        .into_iter()
        .flatten()
    }

    fn border(&self) -> Vec<usize> {
        let edge = |at: &usize| {
            let (x, y) = (at % self.width, at / self.width);
            x == 0 || y == 0 || x == self.width - 1 || y == self.height - 1
        };
        (0..self.labs.len()).filter(edge).collect()
    }

    /// The border's median colour, and how much of the border has it.
    pub(super) fn typical(&self) -> (Lab, f64) {
        let border = self.border();
        let median = [0, 1, 2].map(|channel| {
            let mut values: Vec<f32> = border.iter().map(|&at| self.labs[at][channel]).collect();
            values.sort_by(f32::total_cmp);
            values[values.len() / 2]
        });
        let near = border.iter().filter(|&&at| oklab::distance(self.labs[at], median) < FROM_TYPICAL).count();
        (median, near as f64 / border.len() as f64)
    }

    /// True where the flood did not come. It does not pass where only one pixel is open: outlines have such holes.
    pub(super) fn flood(&self, wall: &Wall, reach: f32) -> Vec<bool> {
        let like_wall = |(at, &lab): (usize, &Lab)| {
            let typical = wall.at(at);
            oklab::distance(lab, typical) < reach || in_shadow(lab, typical)
        };
        let plain: Vec<bool> = self.labs.iter().enumerate().map(like_wall).collect();
        let off = |at: usize| {
            let (lab, typical) = (self.labs[at], wall.at(at));
            [0, 1, 2].map(|channel| lab[channel] - typical[channel])
        };
        let smooth = |from: usize, to: usize| match wall {
            Wall::Even(_) => oklab::distance(self.labs[to], self.labs[from]) < STEP,
            Wall::Course(_) | Wall::Rows(_) => oklab::distance(off(to), off(from)) < STEP,
        };
        let wide = |at: usize| plain[at] && self.neighbours(at).all(|near| plain[near]);
        let mut inside = vec![true; self.labs.len()];
        let mut open: Vec<usize> = self.border().into_iter().filter(|&at| plain[at]).collect();
        for &at in &open {
            inside[at] = false;
        }
        let mut reached = Vec::new();
        while let Some(at) = open.pop() {
            reached.push(at);
            for next in self.neighbours(at) {
                if inside[next] && wide(next) && smooth(at, next) {
                    inside[next] = false;
                    open.push(next);
                }
            }
        }
        for at in reached {
            for next in self.neighbours(at) {
                if plain[next] && smooth(at, next) {
                    inside[next] = false;
                }
            }
        }
        inside
    }

    /// Backdrop that the figure encloses, as between arm and body: small, flat, and not as thin as a line.
    pub(super) fn open_gaps(&self, inside: &mut [bool], wall: &Wall) {
        let most = inside.iter().filter(|&&inside| inside).count() * 2 / 100;
        let gap: Vec<bool> =
            (0..self.labs.len()).map(|at| inside[at] && oklab::distance(self.labs[at], wall.at(at)) < 0.025).collect();
        for part in self.parts(&gap) {
            let core = part.iter().filter(|&&at| self.neighbours(at).all(|next| gap[next])).count();
            if core >= 4 && part.len() <= most {
                for at in part {
                    inside[at] = false;
                }
            }
        }
    }

    /// How much of the outline has hardly any contrast: there the flood may have stopped anywhere.
    pub(super) fn faint(&self, inside: &[bool]) -> f64 {
        const LEAST: f32 = 0.03;
        let (mut faint, mut all) = (0, 0);
        for y in 0..self.height {
            let row = &inside[y * self.width..(y + 1) * self.width];
            for x in 4..self.width.saturating_sub(4) {
                // From outside to inside, going right or left.
                for way in [1_i64, -1] {
                    let at = |steps: i64| (x as i64 + way * steps) as usize;
                    if !row[x] && row[at(1)] && row[at(2)] {
                        let lab = |steps: i64| self.labs[y * self.width + at(steps)];
                        let contrast = (1..4).map(|steps| oklab::distance(lab(steps), lab(-2))).fold(0.0, f32::max);
                        faint += u32::from(contrast < LEAST);
                        all += 1;
                    }
                }
            }
        }
        f64::from(faint) / f64::from(all.max(1))
    }

    pub(super) fn parts(&self, marked: &[bool]) -> Vec<Vec<usize>> {
        let mut seen = vec![false; marked.len()];
        let mut parts = Vec::new();
        for start in 0..marked.len() {
            if !marked[start] || seen[start] {
                continue;
            }
            seen[start] = true;
            let mut part = vec![start];
            let mut next = 0;
            while next < part.len() {
                for near in self.neighbours(part[next]) {
                    if marked[near] && !seen[near] {
                        seen[near] = true;
                        part.push(near);
                    }
                }
                next += 1;
            }
            parts.push(part);
        }
        parts
    }

    pub(super) fn bounds(&self, part: &[usize]) -> [usize; 4] {
        part.iter().fold([usize::MAX, usize::MAX, 0, 0], |[left, top, right, bottom], &at| {
            let (x, y) = (at % self.width, at / self.width);
            [left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)]
        })
    }
}

fn in_shadow(lab: Lab, typical: Lab) -> bool {
    let darker = typical[0] - lab[0];
    (0.0..SHADOW).contains(&darker) && (lab[1] - typical[1]).hypot(lab[2] - typical[2]) < SHADOW_TINT
}
